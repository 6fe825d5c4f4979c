"""The engine for more than one machine: Elasticsearch, any number of nodes.

Nothing else in the house imports its client; `SEARCH_ENGINE` names the class.
"""
