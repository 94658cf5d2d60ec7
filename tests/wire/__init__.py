"""wire - what is sent to the server byte for byte, and what may come back; one table for each chapter of the RFCs.

    case.py         what a row of a table says, and short words for requests
    chapters/       the tables
    play.py         sends the bytes of a case and takes what comes back
    answers.py      reads that strictly: a fault of an answer is a fault of its server
    judge.py        says in one line what happened, and whether it may
    servers.py      the server under test and nginx, each on a port of its own
    run             the command"""
