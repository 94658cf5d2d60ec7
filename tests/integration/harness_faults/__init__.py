"""What the tests of faults need beyond the harness: a process led call by call, calls that fail, clocks and memory that
are not what they should be."""
