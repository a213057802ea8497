"""One module a language; see `pmctl.document.language`."""
