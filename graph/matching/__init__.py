"""Pairs of entities that may be one, with a score and reasons: proposals for a person, on which nothing acts by itself."""

from graph.matching.proposing import LIMIT, MIN_SCORE, Proposal, Proposed, propose

__all__ = ["LIMIT", "MIN_SCORE", "Proposal", "Proposed", "propose"]
