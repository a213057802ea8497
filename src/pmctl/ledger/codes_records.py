"""Documentation of the audit codes about a record's bytes, its place and its signature.

`ledger.codes` puts this table together with the others; `pmctl explain CODE` prints an entry.
"""

from __future__ import annotations

from pmctl.document.codes import CodeDoc

_CHECK_BY_HAND = "ssh-keygen -Y verify -f allowed_signers -I alice -n pmctl-record-v1 -s X.json.sig < X.json"
_ACT_AGAIN = "Do the act again with pmctl, which writes a new record; the old one stays until an admin waives it."

_TABLE = (
    CodeDoc(
        "AU201",
        "record-unreadable",
        "A record is not small, plain JSON. "
        "A record is one ASCII JSON object of at most 64 KiB (4 MiB for a baseline), without duplicate keys, fractions,"
        " numbers of more than ten digits, NaN or deep nesting.",
        "Whatever two programs could read differently, or only with great effort, can't be a statement that people"
        " rely on.",
        _ACT_AGAIN,
        '{"act":"approve","act":"publish"}',
    ),
    CodeDoc(
        "AU202",
        "record-not-canonical",
        "A record says something readable, but is not spelled in the one allowed way. "
        "The file's bytes must equal the serialisation of what they say: sorted keys, no spaces, \\u escapes for all"
        " that is not ASCII, one final newline.",
        "Records refer to each other by the digest of their bytes. With two spellings of one statement, one approval"
        " could be counted twice.",
        "An editor or a formatter has touched the file: restore it with `git restore --source COMMIT PATH`.",
        '{"by": "alice", "act": "approve"}',
    ),
    CodeDoc(
        "AU203",
        "record-fields",
        "A record's fields are not those of its act. "
        "Each act has a fixed set of keys, and each key one kind of value: handles, ids, digests, states, a UTC time.",
        "A key that one version ignores and another obeys would make them disagree about what was signed.",
        "Act with a version of pmctl that everybody uses; a newer type of record needs a newer pmctl.",
        '{"act":"approve","reviewers":["bob"]}',
    ),
    CodeDoc(
        "AU204",
        "record-place",
        "A record's path does not agree with what it says. "
        "`.pmctl/records/ID/NUMBER-ACT-HANDLE.json` must name the postmortem, the act and the person that are written"
        " inside; for the policy `.pmctl/records/policy/VERSION-HANDLE.json`.",
        "People look at names first: a refusal must not lie there as an approval, or under another postmortem.",
        "Records are never moved or copied. " + _ACT_AGAIN,
        ".pmctl/records/2024-01-15-payment-api-outage/0002-approve-bob.json, signed by and naming alice",
    ),
    CodeDoc(
        "AU211",
        "signature-unreadable",
        "A signature file is damaged, or not exactly one signature. "
        "An SSH signature is one BEGIN line, base64, one END line, with every field in its only allowed form and"
        " nothing before, behind or in between; an OpenPGP one is a single armored block.",
        "Text that one program skips and another reads is where forgeries hide.",
        "If a transfer or an editor damaged it, restore it: `git restore --source COMMIT PATH.sig`. " + _ACT_AGAIN,
        "-----BEGIN SSH SIGNATURE-----\nComment: signed by alice\n...",
    ),
    CodeDoc(
        "AU212",
        "signature-for-another-purpose",
        "A signature was made for something else than a record. "
        "An SSH signature names its purpose (the namespace). Only `pmctl-record-v1` counts.",
        "Otherwise a signature that somebody gave for a commit, a file or a login could be presented as an approval.",
        "Sign with pmctl, or with `ssh-keygen -Y sign -n pmctl-record-v1`.",
        'A signature in the namespace "git" beside an approve record.',
    ),
    CodeDoc(
        "AU213",
        "signature-weak",
        "A signature's key or algorithm is not accepted. "
        "Accepted are Ed25519, RSA from 2048 bits with SHA-2, ECDSA on the NIST curves, the hardware-backed sk- kinds,"
        " and OpenPGP keys of these algorithms. Certificates, DSA, SHA-1 and keys that anybody can sign for are not.",
        "A signature that can be forged proves nothing.",
        "Make a key with `ssh-keygen -t ed25519`, have an admin land it (`pmctl people rotate`), and act again.",
        "An RSA signature over SHA-1, or a key of 1024 bits.",
    ),
    CodeDoc(
        "AU214",
        "signature-wrong",
        "A signature does not fit the record. The signature is verified over the record's exact bytes.",
        "Either the record was changed after it was signed, or the signature belongs to another one.",
        "Find out who changed which file: `git log -p -- PATH PATH.sig`. " + _ACT_AGAIN,
        _CHECK_BY_HAND,
    ),
    CodeDoc(
        "AU215",
        "signature-without-touch",
        "A hardware key signed although nobody touched it. "
        "The signature of an sk- key says whether somebody was present; it must say yes.",
        "A program on the person's machine could otherwise sign in their name. ssh-keygen accepts such signatures;"
        " pmctl does not.",
        "Use a hardware key that asks for a touch.",
        "A key that was made with `ssh-keygen -t ed25519-sk -O no-touch-required`.",
    ),
    CodeDoc(
        "AU216",
        "openpgp-key-out-of-use",
        "The OpenPGP key or signature has expired or is revoked. "
        "Expiry and revocation are taken from the key's file beside the policy and at the tip, at today's date: the"
        " time that a signature states is a claim. Once a policy has the key as retired, neither is looked at any"
        " more.",
        "Whoever finds an expired key could otherwise backdate an approval.",
        "The person extends the key (`gpg --quick-set-expire`) and lands its public half in the same file, or an admin"
        " retires it (`pmctl people revoke`): what it signed before that stays.",
        "An approval by a key that expired last week.",
    ),
    CodeDoc(
        "AU217",
        "signature-by-stranger",
        "A record is signed by a key that nobody in the policy has. "
        "The key must stand in the policy of the step before the record. Keys of the verifier's own keyring, agent or"
        " allowed-signers file don't count.",
        "A good signature tells which key signed; only the policy tells whose key that is.",
        "An admin lands the key first, in a step of its own (`pmctl people add`); then the person acts again.",
        "A new colleague approves before their key has landed.",
    ),
)

CODES: dict[str, CodeDoc] = {doc.code: doc for doc in _TABLE}
