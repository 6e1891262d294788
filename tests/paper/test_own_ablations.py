"""Each ablation changes one thing, and is told."""

from dataclasses import asdict

from airscene.paper.own.own_ablations import SETS, TRAINED, USED, _preset, own_ablations


def test_each_training_differs_from_the_recipe_in_one_option():
    runs = {unit.run for unit in own_ablations().units}
    for name, recipe in SETS.items():
        usual = asdict(_preset(recipe, name, "as it is", False))
        for change in TRAINED:
            changed = asdict(_preset(recipe, name, change, False))
            differs = [
                (part, key)
                for part in ("data", "model", "training")
                for key, value in usual[part].items()
                if changed[part][key] != value
            ]
            assert len(differs) <= (change != "as it is"), (name, change, differs)
            # One that changes nothing is left out.
            there = changed["name"] in runs
            assert there == (change == "as it is" or bool(differs))


def test_every_row_has_its_claim():
    made = own_ablations()
    assert {claim.run for claim in made.claims} == {unit.run for unit in made.units}
    assert len(made.units) > len(SETS) * len(USED)
