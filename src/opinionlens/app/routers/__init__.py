"""One file per group of addresses. A route reads its input, asks one collaborator, writes the answer."""
