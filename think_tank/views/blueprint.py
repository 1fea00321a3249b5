"""The blueprint that the modules of this package share, and what its templates may say."""

from typing import Any

from flask import Blueprint

from consortium.kernel.web import select_language
from think_tank import wording
from think_tank.values import LONGEST_SEED

blueprint = Blueprint("think_tank", __name__, template_folder="../templates")


@blueprint.context_processor
def words() -> dict[str, Any]:
    """Names of states, fields and rules for templates."""
    return {
        "STATES": wording.STATES,
        "DISCLOSURES": wording.DISCLOSURES,
        "PURPOSES": wording.PURPOSES,
        "LONGEST_SEED": LONGEST_SEED,
        "SETTINGS": wording.SETTINGS,
        "FIELDS": wording.FIELDS,
        "FLAGS": wording.FLAGS,
        "write_rule": wording.write_rule,
        "write_failure": wording.write_failure,
        "write_reasons": wording.write_reasons,
        "say_seats": wording.say_seats,
        "write_repair": wording.write_repair,
        "reading_language": select_language().html,
    }
