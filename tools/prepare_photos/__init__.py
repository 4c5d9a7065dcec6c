"""From photos as users have them to a prepared folder that trainings and evaluations read."""
