"""What the scorecard said before: figures of every fifth day, digests of all that is handed out, pages to compare.

    python -m tests.scorecard.golden                  compute all anew and say the first difference
    python -m tests.scorecard.golden write            compute all anew and keep it here: a deliberate change
    python -m tests.scorecard.golden pages FOLDER     every page, in both languages, for `diff -r`

The law: it knows addresses and commands, no module of the apps; so the same file asks two releases the same.
"""
