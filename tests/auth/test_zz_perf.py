import cProfile, pstats, logging, time
from tests.auth.browsing import *
from tests.membership import houses
from auth.services.accounts import open_account
from auth.services import sign_in as svc
def test_perf(app, client):
    logging.disable(logging.CRITICAL)
    houses.register("math", "comp")
    houses.agree("math", "comp", houses.clause("math", "comp", {"senior": "fellow"}))
    pid = houses.person_of(houses.join("math", "M0001"))
    open_account(SYSTEM, person_id=pid, email="zhang@math.example", password=PASSWORD)
    s = Site(client, register_site(scope="openid profile email memberships recognitions"))
    orig=svc.verify_password
    svc.verify_password=lambda *a: True
    sign_in(client)
    sc="openid profile email memberships recognitions"
    for _ in range(5): s.redeem(s.obtain_code(scope=sc))
    tok=csrf_of(client.get("/sign-in"))
    def post():
        global tok
        b=client.application.test_client()
        t=csrf_of(b.get("/sign-in"))
        t0=time.process_time()
        pr.enable() if pr else None
        r=b.post("/sign-in",data={"csrf_token":t,"identifier":"zhang@math.example","password":PASSWORD})
        pr.disable() if pr else None
        return time.process_time()-t0
    def auth():
        t0=time.process_time(); pr.enable() if pr else None
        r=s.ask(scope=sc); pr.disable() if pr else None
        return time.process_time()-t0, answer_of(r)["code"]
    def tokn(c):
        t0=time.process_time(); pr.enable() if pr else None
        s.redeem(c); pr.disable() if pr else None
        return time.process_time()-t0
    pr=None
    def live():
        t0=time.process_time(); client.get("/livez"); return time.process_time()-t0
    n=60
    P=sum(post() for _ in range(n))/n*1000
    A=T=0
    for _ in range(n):
        a,c=auth(); A+=a; T+=tokn(c)
    L=sum(live() for _ in range(n))/n*1000
    print(f"livez {L:.2f} post {P:.2f} auth {A/n*1000:.2f} token {T/n*1000:.2f}")
    pr=cProfile.Profile(time.process_time)
    for _ in range(40): post()
    print("=====POST"); pstats.Stats(pr).sort_stats("tottime").print_stats(25); pstats.Stats(pr).sort_stats("cumulative").print_stats(60)
    pr=cProfile.Profile(time.process_time)
    for _ in range(40): auth()
    print("=====AUTH"); pstats.Stats(pr).sort_stats("tottime").print_stats(25); pstats.Stats(pr).sort_stats("cumulative").print_stats(60)
    q=cProfile.Profile(time.process_time)
    for _ in range(40):
        pr=None; _,c=auth(); pr=q; tokn(c)
    print("=====TOKEN"); pstats.Stats(q).sort_stats("tottime").print_stats(25); pstats.Stats(q).sort_stats("cumulative").print_stats(60)
