"""Studies: many runs of one job, whose settings a search algorithm of Optuna chooses by their dev loss."""
