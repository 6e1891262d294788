"""Where the objects are: inference networks that propose them one a step.

A new kind is a file here, and a line in `WHERE_PROPOSALS`.
"""

from airscene.model.where.difference import DifferenceProposal
from airscene.model.where.proposal import WhereProposal
from airscene.model.where.recurrent import RecurrentProposal

WHERE_PROPOSALS: dict[str, type[WhereProposal]] = {
    "recurrent": RecurrentProposal,
    "difference": DifferenceProposal,
}
