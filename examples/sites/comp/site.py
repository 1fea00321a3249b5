import os

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, render_template_string, request, session

app = Flask(__name__)
app.config.update(SECRET_KEY=os.urandom(32), SESSION_COOKIE_NAME="comp_site")
keys = {name: os.environ[name.upper()] for name in ("client_id", "client_secret")}
meta = os.environ["ISSUER"] + "/.well-known/openid-configuration"
kw = {"scope": "openid profile memberships recognitions", "code_challenge_method": "S256"}
op = OAuth(app).register("op", server_metadata_url=meta, client_kwargs=kw, **keys)
page = "{{name}} {{acting_society_name}}: {{(recognitions or not_recognised)|join('', 'reason')}}"
sorry = "没有登录。You have not been signed in. <a href='/'>重试 Try again</a>"


@app.get("/")
def home(back="http://localhost:" + os.environ["PORT"] + "/callback"):
    her = session.get("userinfo")
    return render_template_string(page, **her) if her else op.authorize_redirect(back)


app.get("/callback")(lambda: session.update(op.authorize_access_token()) or redirect("/"))
app.register_error_handler(500, lambda _: (sorry, 403 if "access_denied" in request.url else 400))
app.get("/whoami", endpoint="who")(lambda: session.get("userinfo") or ("", 401))
app.get("/sign-out", endpoint="out")(lambda: op.logout_redirect(None, session.clear()))
app.run(port=int(os.environ["PORT"]))
