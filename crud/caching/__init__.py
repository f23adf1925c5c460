"""The cache: answers that are kept for as long as their readers have asked for, and never past a write.

An answer is found again by a digest of everything that decides over it (`keys`). To that belongs a *generation* of
each table that it was read from (`ledger`): who writes into one gives it another before his write is acknowledged.
Answers (`entries`), generations and turns are in a store that the workers share (`files`, `redis`; `memory` for one).
"""
