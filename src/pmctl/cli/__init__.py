"""What a person types: one module per verb group, each parse -> call -> print, without logic."""
