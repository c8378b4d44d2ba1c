"""The pure core: project -> effective resources -> findings. Nothing of ours is imported from here upwards."""
