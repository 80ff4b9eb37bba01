"""The web app: JSON for programs, pages for people, both answered by the same scorer.

`factory.create_app` puts it together from collaborators that it is given; `entry.build_app` is where a server
starts.
"""
