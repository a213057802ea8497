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

  // The scripts of the index call these; see search_index.py for what they hold.
  const waiting = new Map();
  const texts = new Map();
  let index = null;
  const shards = [];
  const load = (path) => {
    if (!waiting.has(path)) {
      waiting.set(path, new Promise((resolve) => {
        const script = document.createElement("script");
        script.src = root + path.split("/").map(encodeURIComponent).join("/");
        script.onload = script.onerror = resolve;
        document.head.append(script);
      }));
    }
    return waiting.get(path);
  };
  const parse = (terms) => {
    const lines = terms ? terms.split("\n") : [];
    return { words: lines.map((line) => line.slice(0, line.indexOf(" "))), lines };
  };
  window.pmctlSearch = {
    index: (found) => {
      index = found;
      for (const doc of found.docs) doc.plain = doc.slice(1).map(plain);
      if ("terms" in found) shards[0] = parse(found.terms);
    },
    shard: (number, terms) => { shards[number] = parse(terms); },
    text: (path, sentences) => texts.set(path, sentences),
  };

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const pairs = /[\u3040-\u30ff\u3400-\u9fff]+/g;
  const wordsOf = (text) => {
    const found = new Set();
    for (const [word] of plain(text).matchAll(/[\p{L}\p{N}]+/gu)) {
      for (const [run] of word.matchAll(pairs)) {
        for (let at = 0; at < Math.max(run.length - 1, 1); at++) found.add(run.slice(at, at + 2));
      }
      for (const part of word.replace(pairs, " ").split(" ")) if (part) found.add(part.slice(0, 32));
    }
    return [...found];
  };

  // The first of the sorted words that is not before `word`.
  const place = (words, word) => {
    let [low, high] = [0, words.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (words[middle] < word) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const needed = (word) => {
    if (!index.starts) return [0];
    const found = [];
    index.starts.forEach((start, number) => {
      const next = index.starts[number + 1];
      if ((next === undefined || next > word) && (start <= word || start.startsWith(word))) found.push(number);
    });
    return found;
  };
  const holding = (word) => {
    const found = new Set();
    for (const number of needed(word)) {
      const { words, lines } = shards[number] || parse("");
      for (let at = place(words, word); at < words.length && words[at].startsWith(word); at++) {
        let doc = -1;
        for (const step of lines[at].slice(words[at].length + 1).split(",")) found.add(doc += Number.parseInt(step, 36));
      }
    }
    return found;
  };

  const ready = async (words) => {
    await load("search.js");
    if (!index) return;
    const wanted = new Set(words.flatMap(needed)).values();
    if (index.starts) await Promise.all([...wanted].map((number) => load(`search-${number}.js`)));
  };

  // Numbers of the postmortems that hold every word, best first: in the title, in the further words, in the text.
  const search = (words) => {
    const scores = new Map();
    words.forEach((word, round) => {
      const inText = holding(word);
      index.docs.forEach((doc, number) => {
        if (round && !scores.has(number)) return;
        const [title, line, more] = doc.plain;
        let score = title.includes(word) ? 10 : more.includes(word) || line.includes(word) ? 5 : 0;
        if (inText.has(number)) score += 1 + Math.log(index.docs.length / inText.size);
        if (score) scores.set(number, (scores.get(number) || 0) + score);
        else scores.delete(number);
      });
    });
    return [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([number]) => number);
  };

  const best = (sentences, words) => {
    let [found, most] = ["", 0];
    for (const sentence of sentences) {
      const text = plain(sentence);
      const count = words.reduce((sum, word) => sum + text.includes(word), 0);
      if (count > most) [found, most] = [sentence, count];
    }
    return found;
  };
  // The sentence with its words marked, cut to what is around the first of them; never as markup.
  const marked = (sentence, words) => {
    const pattern = new RegExp(words.map((word) => word.replace(/[^\p{L}\p{N}]/gu, "\\$&")).join("|"), "giu");
    const first = Math.max((sentence.search(pattern) || 0) - 60, 0);
    const text = (first ? "…" : "") + sentence.slice(first, first + 180) + (first + 180 < sentence.length ? "…" : "");
    const out = document.createDocumentFragment();
    let at = 0;
    for (const match of text.matchAll(pattern)) {
      const mark = document.createElement("mark");
      mark.textContent = match[0];
      out.append(text.slice(at, match.index), mark);
      at = match.index + match[0].length;
    }
    out.append(text.slice(at));
    return out;
  };

  const setUpSearch = (box) => {
    const field = box.querySelector("input");
    const list = box.querySelector("ol");
    const count = box.querySelector("[role=status]");
    let turn = 0;
    const part = (kind, content) => {
      const element = document.createElement(kind);
      element.append(content);
      return element;
    };
    const show = async () => {
      const mine = ++turn;
      const words = wordsOf(field.value);
      if (words.every((word) => word.length < 2 && !word.match(pairs))) {
        list.hidden = true;
        count.textContent = "";
        return;
      }
      await ready(words);
      if (mine !== turn) return;
      const found = index ? search(words) : [];
      count.textContent = found.length === 1 ? "1 postmortem" : `${found.length} postmortems`;
      const shown = found.slice(0, 8).map((number) => {
        const [path, title, line] = index.docs[number];
        const link = document.createElement("a");
        link.href = root + path.split("/").map(encodeURIComponent).join("/");
        const said = document.createElement("span");
        link.append(part("b", title), part("small", line), said);
        const beside = path.replace(/\.html$/, ".js");
        load(beside).then(() => {
          if (mine === turn) said.replaceChildren(marked(best(texts.get(path) || [], words), words));
        });
        return part("li", link);
      });
      const note = index ? count.textContent : "The index is not there: build the site again.";
      list.replaceChildren(...shown, part("li", part("small", found.length ? note : index ? "Nothing found." : note)));
      list.lastChild.className = "search-note";
      list.hidden = false;
    };
    field.addEventListener("input", show);
    field.addEventListener("focus", () => { load("search.js"); if (field.value) show(); });
    box.addEventListener("keydown", (event) => {
      const places = [field, ...list.querySelectorAll("a")];
      const at = places.indexOf(document.activeElement);
      if (event.key === "Escape") { list.hidden = true; field.focus(); }
      else if (event.key === "ArrowDown" && !list.hidden) places[Math.min(at + 1, places.length - 1)].focus();
      else if (event.key === "ArrowUp" && !list.hidden) places[Math.max(at - 1, 0)].focus();
      else if (event.key === "Enter" && at === 0 && places[1] && !list.hidden) places[1].click();
      else return;
      event.preventDefault();
    });
    box.addEventListener("focusout", (event) => { if (!box.contains(event.relatedTarget)) list.hidden = true; });
    addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (/^(input|select|textarea)$/i.test(document.activeElement.tagName)) return;
      event.preventDefault();
      field.focus();
    });
    box.hidden = false;
  };

  // Times in the reader's zone on hover; how far due dates are today, not on the day of the build.
  const setUpTimes = () => {
    for (const time of document.querySelectorAll("time[datetime*='T']")) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.valueOf())) time.title = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
    }
    const now = new Date();
    const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
    for (const due of document.querySelectorAll("[data-due]")) {
      const days = Math.round((Date.parse(due.dataset.due) - today) / 86400000);
      if (Number.isNaN(days)) continue;
      const far = `${Math.abs(days)} day${Math.abs(days) === 1 ? "" : "s"}`;
      due.textContent = days === 0 ? "today" : days > 0 ? `in ${far}` : `${far} late`;
      due.classList.toggle("late", days < 0);
    }
  };

  // Which part of the page is being read, marked in its table of contents.
  const setUpContents = (links) => {
    const parts = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
    const mark = () => {
      const page = document.documentElement;
      const atEnd = page.scrollTop > 0 && page.scrollTop + page.clientHeight >= page.scrollHeight - 2;
      const here = atEnd ? links.length - 1 : parts.findLastIndex((part) => part && part.getBoundingClientRect().top < 140);
      links.forEach((link, place) => {
        if (place === here) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
    };
    addEventListener("scroll", mark, { passive: true });
    mark();
  };

  setUpContents([...document.querySelectorAll(".beside .contents a")]);
  for (const box of document.querySelectorAll(".site-search")) setUpSearch(box);
  setUpTimes();
  for (const table of document.querySelectorAll("table.list")) setUpList(table);
})();
