"""For The Littlest JupyterHub: goes into /opt/tljh/config/jupyterhub_config.d. What else to type: deploy/README.md."""

c = get_config()  # noqa: F821 (JupyterHub provides it)

c.Spawner.cmd = ["/opt/tljh/user/bin/python", "/srv/nst/deploy/jupyterhub/student.py"]
c.Spawner.default_url = "/lab/tree/notebooks/00_one_minute_tour.ipynb"
c.Spawner.environment = {"NST_WEIGHTS": "embedded", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
c.Spawner.args = [
    '--ServerApp.tornado_settings={"websocket_max_message_size": 104857600}',  # photographs up to 70 MB
    "--MappingKernelManager.cull_idle_timeout=1800",
    "--MappingKernelManager.cull_connected=True",
]
