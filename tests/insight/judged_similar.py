"""Which real postmortems of the corpus belong together, judged by reading them: paths and labels, none of their text.

Of a group every two are a pair. Two belong together when whoever handles one would want to read the other: the same
component that failed in the same way, or the same kind of attack on the same thing.
"""

from __future__ import annotations

from itertools import combinations

GROUPS: dict[str, tuple[str, ...]] = {
    "logs not shipped": ("PM2021-001", "PM2022-002", "PM2023-002"),
    "logs and the rollover that was to mend them": ("PM2023-001", "PM2023-002"),
    "flux version bump": ("PM2021-002", "PM2021-003"),
    "traefik configuration": ("PM2021-008", "PM2021-009", "PM2021-010", "PM2025-002"),
    "targets detached from the load balancer": ("PM2020-005", "PM2021-005", "PM2021-006", "PM2021-007"),
    "kiam": ("PM2020-002", "PM2020-009"),
    "expired certificates": ("PM2020-002", "PM2021-004"),
    "adsync": ("PM2020-003", "PM2020-006"),
    "nodes out of memory": ("PM2020-007", "PM2022-001", "PM2022-003", "PM2024-001", "PM2025-001"),
    "kafka metrics": ("PM2022-004", "PM2022-007"),
    "machine images": ("PM2022-009", "PM2024-002"),
    "admission webhooks": ("PM2020-008", "PM2022-008"),
    "the new cluster": ("PM2019-009", "PM2019-010", "PM2019-011"),
    "vulnerable dependencies": ("PM2021-011", "PM2022-005"),
    "malicious npm packages": ("PM2022-005", "2025-11-26-shai-hulud"),
    "suspected compromise of an employee": (
        "2021-10-31-EmployeeCompromise", "2021-12-15-EmployeeCompromise", "2022-01-20-EmployeeCompromise", "04-25-User",
    ),
    "negative values in a puzzle": ("2023-01-31-Negative-values", "2023-05-08-Negative-values"),
    "mempool": ("2023-07-21-unbound", "2024-03-07-inefficient", "2024-03-07-mempool-not"),
    "unfinished blocks": (
        "2024-03-07-unfinished_blocks-cache", "2024-03-07-unfinished_blocks-different", "2024-06-25-blockchain",
    ),
    "cost of clvm programs": ("2023-01-31-CLVM", "2023-07-21-unbound"),
    "full nodes overwhelmed from outside": ("2023-05-08-Remote", "2023-05-08-Subscriptions"),
    "coin subscriptions of wallets": ("2023-01-31-Wallet", "2023-05-08-Subscriptions"),
    "continuous integration hosts compromised": ("2023-08-04-compromised", "march-2025-ci"),
    "feature flags": ("2024-02-28-decide", "2025-09-29-flags", "2025-10-21-feature"),
    "sdk releases that broke sites": ("2025-10-03-surveys", "2026-01-17-replay"),
    "leaked rights to push": ("2018-08-05-security", "2021-04-21-security"),
    "ask augur": ("PM-2026-006", "PM-2026-008"),
    "recap pipeline": ("PM-2026-001", "PM-2026-007"),
    "gpu of the summariser": ("PM-2026-005", "PM-2026-006"),
    "prow": ("2019-01-23", "2019-02-05", "2019-02-08"),
    "load on the sequencer": ("2022-05-31-drop-1", "2023-04-26-transaction"),
}  # fmt: skip

PAIRS = frozenset(frozenset(pair) for group in GROUPS.values() for pair in combinations(group, 2))
