"""What dialects have in common under `/auth`: bodies, cookies, and the doors that two of them share.

In: Flask's request. Out: for the dialects `bodies`, `cookies`, `memberships`, `doors`. Knows no dialect: each gives
its `Voice` to the doors that it may share, and what two of them would say is answered as the superset.
"""
