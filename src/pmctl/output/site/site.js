// Search, sorting and filters of a site's pages. Without it everything can be read; it only ever sets text, never markup.
"use strict";
(() => {
  const root = document.documentElement.dataset.root || "";

  // What a list shows is kept behind the # of the address, so that a view can be sent: #q=pool&severity=SEV1&sort=-2.
  const read = () => new URLSearchParams(location.hash.slice(1));
  const write = (values) => {
    for (const key of [...values.keys()]) if (!values.get(key)) values.delete(key);
    history.replaceState(null, "", values.size ? `#${values}` : location.pathname.split("/").pop() || "./");
  };

  const setUpList = (table) => {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...body.rows];
    const form = document.querySelector(`form.filters[data-for="${table.id}"]`);
    const count = document.querySelector(`[data-count="${table.id}"]`);
    const value = (row, index) => row.cells[index].dataset.value ?? row.cells[index].textContent.trim();

    const sort = (index, descending) => {
      const numbers = heads[index].dataset.sort === "number";
      const compare = (a, b) => {
        const [x, y] = [value(a, index), value(b, index)];
        if (!x || !y) return !x - !y; // what is not known comes last, whichever way
        const order = numbers ? x - y : x.localeCompare(y, undefined, { numeric: true });
        return descending ? -order : order;
      };
      body.append(...[...rows].sort(compare));
      heads.forEach((head, place) => {
        if (place === index) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
    };

    const filter = (values) => {
      const words = (values.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        let fits = words.every((word) => row.textContent.toLowerCase().includes(word));
        for (const [key, wanted] of values) {
          const held = row.getAttribute(`data-in-${key}`);
          if (fits && held !== null && wanted) fits = JSON.parse(held).includes(wanted);
        }
        row.hidden = !fits;
        shown += fits;
      }
      if (count) count.textContent = shown === rows.length ? `${shown}` : `${shown} of ${rows.length}`;
    };

    const apply = () => {
      const values = read();
      if (form) for (const field of form.elements) if (field.name) field.value = values.get(field.name) || "";
      const by = Number.parseInt(values.get("sort") || "", 10);
      if (by && heads[Math.abs(by) - 1]) sort(Math.abs(by) - 1, by < 0);
      filter(values);
    };

    heads.forEach((head, index) => {
      if (!head.dataset.sort) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent.trim();
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const descending = head.getAttribute("aria-sort") === "ascending";
        const values = read();
        values.set("sort", `${descending ? "-" : ""}${index + 1}`);
        write(values);
        sort(index, descending);
      });
    });
    if (form) {
      form.hidden = false;
      form.addEventListener("submit", (event) => event.preventDefault());
      form.addEventListener("input", () => {
        const values = read();
        for (const field of form.elements) if (field.name) values.set(field.name, field.value);
        write(values);
        filter(values);
      });
    }
    addEventListener("hashchange", apply);
    apply();
  };

  for (const table of document.querySelectorAll("table.list")) setUpList(table);
})();
