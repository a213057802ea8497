"""What an organisation calls things inside, and what stands in its place outside; with a list of tools."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from pmctl.rules.redaction_words import LANGUAGES

INSTEAD: Mapping[str, tuple[str, str, str, str]] = MappingProxyType({
    "a person": ("Engineer", "Ingénieur", "Ingeniero", "Ingenieur"),
    "a team": ("a team", "une équipe", "un equipo", "ein Team"),
    "a service": ("an internal service", "un service interne", "un servicio interno", "ein interner Dienst"),
    "a term": ("an internal system", "un système interne", "un sistema interno", "ein internes System"),
    "a tool": ("an internal tool", "un outil interne", "una herramienta interna", "ein internes Werkzeug"),
    "a database": ("a database", "une base de données", "una base de datos", "eine Datenbank"),
    "a cache": ("a cache", "un cache", "una memoria intermedia", "ein Zwischenspeicher"),
    "a queue": ("a message queue", "une file de messages", "una cola de mensajes", "eine Warteschlange"),
    "a monitor": ("a monitoring tool", "un outil de surveillance", "una herramienta de vigilancia",
        "eine Überwachung"),
    "a pipeline": ("a release tool", "un outil de livraison", "una herramienta de despliegue",
        "ein Werkzeug zur Auslieferung"),
    "a web server": ("a web server", "un serveur web", "un servidor web", "ein Webserver"),
    "a cluster": ("a server platform", "une plateforme de serveurs", "una plataforma de servidores",
        "eine Serverplattform"),
    "a chat": ("an internal channel", "un canal interne", "un canal interno", "ein interner Kanal"),
    "a store": ("a storage system", "un système de stockage", "un sistema de almacenamiento", "ein Speichersystem"),
    "an email": ("an e-mail address", "une adresse électronique", "una dirección de correo", "eine Mailadresse"),
    "a link": ("an internal page", "une page interne", "una página interna", "eine interne Seite"),
    "a host": ("a server", "un serveur", "un servidor", "ein Server"),
    "an address": ("a network address", "une adresse de réseau", "una dirección de red", "eine Netzwerkadresse"),
    "a path": ("a file", "un fichier", "un archivo", "eine Datei"),
    "a ticket": ("an internal ticket", "un ticket interne", "un ticket interno", "ein internes Ticket"),
    "a commit": ("a change", "un changement", "un cambio", "eine Änderung"),
    "an id": ("an internal id", "un identifiant interne", "un identificador interno", "eine interne Kennung"),
    "a cloud resource": ("a cloud resource", "une ressource interne", "un recurso interno", "eine interne Ressource"),
    "a pod": ("a process", "un processus", "un proceso", "ein Prozess"),
    "a version": ("a version", "une version", "una versión", "eine Version"),
    "a secret": ("[removed]", "[retiré]", "[eliminado]", "[entfernt]"),
    "a log line": ("[removed]", "[retiré]", "[eliminado]", "[entfernt]"),
    "a number": ("[removed]", "[retiré]", "[eliminado]", "[entfernt]"),
})  # fmt: skip
"""What each kind of thing becomes, in the order of LANGUAGES."""

TOOLS: Mapping[str, str] = MappingProxyType({
    name: kind
    for kind, names in (
        ("a database", "postgresql postgres mysql mariadb mongodb mongo cassandra dynamodb cockroachdb oracle sqlite"
         " aurora rds bigquery snowflake redshift clickhouse elasticsearch opensearch solr spanner"
         " influxdb timescaledb vitess pgbouncer neo4j couchbase"),
        ("a cache", "redis memcached varnish valkey elasticache"),
        ("a queue", "kafka rabbitmq sqs sns kinesis pulsar activemq nats celery sidekiq"),
        ("a monitor", "grafana datadog prometheus splunk sentry kibana nagios zabbix newrelic dynatrace pagerduty"
         " opsgenie victorops alertmanager cloudwatch honeycomb loki jaeger logstash fluentd statsd"
         " pingdom thousandeyes"),
        ("a pipeline", "jenkins argocd argo terraform ansible puppet chef helm circleci travis spinnaker bamboo"
         " teamcity gitlab github bitbucket buildkite flux packer pulumi octopusdeploy artifactory nexus"
         " harbor sonarqube"),
        ("a web server", "nginx haproxy envoy apache traefik tomcat caddy istio linkerd cloudfront akamai fastly"
         " cloudflare elb alb nlb iis"),
        ("a cluster", "kubernetes k8s docker openshift nomad mesos ecs eks gke aks ec2 lambda vmware proxmox consul"
         " zookeeper etcd systemd kubectl airflow spark hadoop flink databricks"),
        ("a chat", "slack teams mattermost discord zoom jira confluence notion asana trello servicenow linear"),
        ("a store", "s3 minio ceph gcs vault okta keycloak auth0 ldap"),
        ("a tool", "java jvm python golang nodejs node.js php ruby rust openssl openssh linux ubuntu debian centos"
         " windows aws gcp azure ovh hetzner heroku vercel digitalocean ios android hashicorp log4j spring"
         " django rails react wireguard openvpn bgp"),
    )
    for name in names.split()
})  # fmt: skip
"""Names of products that are seldom a customer's matter, and what each is."""
TWO_WORDS = ("argo cd", "github actions", "new relic", "active directory", "google cloud", "elastic search", "node js")


class Named(NamedTuple):
    """A person of the policy: handle, name, addresses."""

    handle: str
    name: str
    emails: tuple[str, ...] = ()


class Terms(NamedTuple):
    """All that is known to be internal. `services` gives each service its public name, "" for none; `terms` are the
    organisation's own words, `public` what it is called outside."""

    people: tuple[Named, ...] = ()
    teams: tuple[str, ...] = ()
    services: tuple[tuple[str, str], ...] = ()
    terms: tuple[str, ...] = ()
    public: tuple[str, ...] = ()


def instead_of(kind: str, language: str, number: int = 0) -> str:
    """What is written in the place of something internal, "" for what only a person can say; people are counted."""
    words = INSTEAD.get(kind)
    if words is None:
        return ""
    word = words[LANGUAGES.index(language)]
    return f"{word} {_letter(number)}" if kind == "a person" else word


def _letter(number: int) -> str:
    """0 -> A, 25 -> Z, 26 -> AA."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
