"""The site by compose.yaml: certificates, one login, and an update that no request notices."""

from base64 import b64encode
from functools import partial

import pytest
from tests.stack.asking import Door
from tests.stack.load import Load
from tests.stack.site import (
    APPS,
    DOMAIN,
    HOSTS,
    SiteBrowser,
    as_json,
    pebbles_roots,
    replace_apps,
)
from tests.support.waiting import wait_until

GRAFANA, MLFLOW = f"https://grafana.{DOMAIN}", f"https://mlflow.{DOMAIN}"


@pytest.fixture(scope="module")
def site(coming_site):
    return coming_site.result(900).project


@pytest.fixture(scope="module")
def compose(coming_site):
    return coming_site.result(900).compose


@pytest.fixture(scope="module")
def roots(compose):
    return pebbles_roots(compose)


@pytest.fixture
def browser(site, roots):
    return SiteBrowser(site.https_port, roots)


def password_header(name, password):
    return "Basic " + b64encode(f"{name}:{password}".encode()).decode()


def basic(site):
    return password_header(*(site.project.build[f"OPERATIONS_{name}"] for name in ("USERNAME", "PASSWORD")))


def has_certificate(browser, host):
    try:
        browser.connect(host).close()
    except OSError:  # of which a certificate that is not believed is one
        return False
    return True


def test_every_host_gets_a_certificate_from_the_acme_server(browser):
    for host in HOSTS:
        wait_until(partial(has_certificate, browser, host), 120, f"{host} has a certificate")


def test_http_leads_to_https_and_browsers_are_told_to_stay(site, browser):
    answer = Door(site.http_port, DOMAIN).ask("GET", "/admin?x=1")
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{DOMAIN}/admin?x=1"
    for host in (DOMAIN, f"grafana.{DOMAIN}"):
        assert browser.ask(f"https://{host}/").headers["Strict-Transport-Security"] == "max-age=31536000"


def test_a_name_that_is_not_the_sites_gets_no_answer(browser):
    with pytest.raises(OSError, match=r"(?i)alert|unrecognized|certificate"):
        browser.connect("elsewhere.test")


def test_no_container_shows_a_secret(site, compose, docker):
    secrets = site.secrets()
    assert {site.project.admin_key, site.project.build["POSTGRES_PASSWORD"]} <= secrets
    shown = {}
    for service, state in compose.states().items():
        container = compose.container(service)
        shown[f"{service}, docker inspect"] = docker.run("inspect", container)
        if not state.startswith("exited"):
            shown[f"{service}, its first process"] = docker.run("exec", container, "cat", "/proc/1/environ")
    assert "opinionlens, its first process" in shown
    assert "DATABASE__URL_FILE=/run/secrets/DATABASE__URL" in shown["opinionlens, its first process"]
    assert [where for where, text in shown.items() if any(secret in text for secret in secrets)] == []


def test_one_login_opens_the_app_and_grafana(site, browser):
    assert browser.ask(f"{GRAFANA}/api/user", Sec_Fetch_Mode="cors").status == 401
    page = browser.open(f"{GRAFANA}/api/user")
    assert 'action="/login"' in page.text
    told = as_json(browser.log_in(page, site.project.admin_password))
    assert told == {"login": "admin", "role": "Admin", "cookie": None, "authorization": None}
    assert browser.open(f"https://{DOMAIN}/admin").status == 200
    assert set(browser.cookies[DOMAIN]) & set(browser.cookies[f"grafana.{DOMAIN}"]) == set()
    assert "window.APIUrl" in browser.open(f"https://traefik.{DOMAIN}/dashboard/").text


def test_a_name_that_a_client_sends_does_not_reach_grafana(site, browser):
    smuggled = {"X_WEBAUTH_USER": "root", "X_WEBAUTH_ROLE": "Admin"}
    assert browser.ask(f"{GRAFANA}/api/user", Sec_Fetch_Mode="cors", **smuggled).status == 401
    told = as_json(browser.ask(f"{GRAFANA}/api/user", Authorization=basic(site), **smuggled))
    assert told["login"] == "operations=20login"
    browser.log_in(browser.open(f"{GRAFANA}/"), site.project.admin_password)
    told = as_json(browser.ask(f"{GRAFANA}/api/user", X_Forwarded_Host="evil.test", **smuggled))
    assert (told["login"], told["role"]) == ("admin", "Admin")


def test_one_login_reads_mlflow_and_programs_have_their_own(site, browser):
    search = f"{MLFLOW}/api/2.0/mlflow/experiments/search?max_results=10"
    assert browser.ask(search, Sec_Fetch_Mode="cors").status == 401
    page = browser.log_in(browser.open(f"{MLFLOW}/"), site.project.admin_password)
    assert (page.status, "MLflow" in page.text) == (200, True)
    assert "experiments" in as_json(browser.ask(search, Sec_Fetch_Mode="cors", Sec_Fetch_Site="same-origin"))
    # As the app's user there, who manages no others.
    users = f"{MLFLOW}/api/2.0/mlflow/users/get?username={site.project.build['MLFLOW_AUTH_ADMIN_USERNAME']}"
    assert browser.ask(users, Sec_Fetch_Mode="cors", Sec_Fetch_Site="same-origin").status == 403
    program = SiteBrowser(site.https_port, browser.roots)
    names = ("MLFLOW_AUTH_ADMIN_USERNAME", "MLFLOW_AUTH_ADMIN_PASSWORD")
    login = password_header(*(site.project.build[name] for name in names))
    assert program.ask(users, Authorization=login).status == 200
    assert program.ask(search, Authorization=password_header("somebody", "a wrong password")).status == 401
    asked = program.ask(f"{MLFLOW}/basic-login")
    assert (asked.status, asked.headers["Www-Authenticate"][:5]) == (401, "Basic")
    assert program.ask(f"{MLFLOW}/basic-login", Authorization=login).location == f"{MLFLOW}/"


def test_who_measures_the_database_has_read_the_password(site, browser):
    query = f"https://prometheus.{DOMAIN}/api/v1/query?query=pg_up"

    def up():
        found = as_json(browser.ask(query, Authorization=basic(site)))["data"]["result"]
        return [one["value"][1] for one in found]

    wait_until(lambda: up() == ["1"], 60, "the exporter reaches PostgreSQL")


def test_prometheus_asks_both_services_of_the_app(site, browser):
    query = f"https://prometheus.{DOMAIN}/api/v1/query?query=up%7Bjob%3D%22opinionlens-fastapi%22%7D"

    def up():
        found = as_json(browser.ask(query, Authorization=basic(site)))["data"]["result"]
        return {one["metric"]["instance"]: one["value"][1] for one in found}

    both = {"opinionlens:8000": "1", "opinionlens-2:8000": "1"}
    wait_until(lambda: up() == both, 60, "both are asked and answer")


def test_logging_out_ends_grafana_too(site, browser):
    browser.log_in(browser.open(f"{GRAFANA}/api/user"), site.project.admin_password)
    page = browser.open(f"https://{DOMAIN}/admin").text
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    assert browser.ask(f"https://{DOMAIN}/logout", "POST", form={"csrf_token": token}).status == 303
    assert browser.ask(f"{GRAFANA}/api/user").location.startswith(f"https://{DOMAIN}/auth/start")


def test_the_apps_answers_about_logins_are_not_for_the_world(browser):
    asked = {
        "X_Forwarded_Host": f"grafana.{DOMAIN}",
        "X_Forwarded_Uri": "/",
        "X_Forwarded_Method": "GET",
    }
    assert browser.ask(f"https://{DOMAIN}/auth/forward/grafana", **asked).status == 403


def test_an_update_under_load_loses_no_request(site, compose, browser, tables):
    before = {app: compose.container(app) for app in APPS}
    site.write_prod(API__MAX_BATCH_ITEMS="999")  # so that both containers are replaced
    load = Load(Door(site.https_port, DOMAIN), connect=lambda _: browser.connect(DOMAIN))
    with load:
        wait_until(lambda: len(load.answered) > 40, 60, "the load runs")
        replace_apps(site, compose)
    after = {app: compose.container(app) for app in APPS}
    tables.add("site", "predictions while both services of the app are replaced", load.summary())
    assert before["opinionlens"] != after["opinionlens"]
    assert before["opinionlens-2"] != after["opinionlens-2"]
    assert load.failed == []
    assert len(load.answered) > 200


def test_with_the_app_stopped_grafana_opens_with_a_password(site, compose, browser):
    compose.run("stop", *APPS, seconds=120)
    try:
        wait_until(lambda: browser.ask(f"https://{DOMAIN}/health").status >= 500, 30, "the app is away")
        assert browser.ask(f"{GRAFANA}/api/user").status >= 500
        told = as_json(browser.ask(f"{GRAFANA}/api/user", Authorization=basic(site)))
        assert told == {"login": "operations=20login", "role": "Admin", "cookie": None, "authorization": None}
        asked = browser.ask(f"{GRAFANA}/basic-login")
        assert (asked.status, asked.headers["Www-Authenticate"][:5]) == (401, "Basic")
        back = browser.ask(f"{GRAFANA}/basic-login", Authorization=basic(site))
        assert (back.status, back.location) == (302, f"{GRAFANA}/")
        wrong = password_header("opinionlens", "a guess")
        assert browser.ask(f"{GRAFANA}/api/user", Authorization=wrong).status == 401
    finally:
        compose.run("up", "--detach", "--no-build", "--no-deps", *APPS, seconds=120)
        compose.wait_until_healthy(*APPS, seconds=240)
