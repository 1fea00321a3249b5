import os

from authlib.integrations.flask_client import OAuth
from flask import Flask, render_template_string, request, session

app = Flask(__name__)
app.config.update(SECRET_KEY=os.urandom(32), SESSION_COOKIE_NAME="comp_site")
keys = {name: os.environ[name.upper()] for name in ("client_id", "client_secret")}
meta = os.environ["ISSUER"] + "/.well-known/openid-configuration"
kw = dict(scope="openid profile memberships recognitions", code_challenge_method="S256")  # noqa: C408
op = OAuth(app).register("op", server_metadata_url=meta, client_kwargs=kw, **keys)
page = "{{ name }} ({{ acting_society }}): {{ recognitions | map(attribute='reason') | join }}"


@app.get("/callback")
@app.get("/")
def home():
    session.update(op.authorize_access_token() if "code" in request.args else {})
    if "userinfo" in session:
        return render_template_string(page, **session["userinfo"])
    return op.authorize_redirect(request.host_url + "callback")


app.add_url_rule("/whoami", "whoami", lambda: session.get("userinfo") or ("", 401))
app.add_url_rule("/sign-out", "out", lambda: op.logout_redirect(None, session.clear()))
app.run(port=int(os.environ["PORT"]))
