package io.reflow.chart;

import java.util.Map;

/// Ways to install the chart, by a name for each.
enum Cases {
  /// The four values that nobody gets around.
  MINIMAL(
      """
      secrets:
        jwtSecret: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        encryptionKey: aGVsbG8gd29ybGQgaGVsbG8gd29ybGQg
        dbPassword: 5f4dcc3b5aa765d61d8327deb882cf99
      config: {database: {host: my-postgres.default.svc}}
      """),
  TRIAL(
      """
      secrets: {jwtSecret: 0123456789abcdef0123456789abcdef, encryptionKey: 0123456789abcdef0123456789abcdef, dbPassword: pass}
      postgresql: {enabled: true}
      operator: {enabled: false}
      replicas: 1
      """),
  EXISTING_SECRETS(
      """
      secrets: {existingSecret: mine}
      admin: {existingSecret: boss}
      config: {database: {host: db, sslmode: verify-full}}
      databaseCa: {configMap: authority}
      serviceAccount: {create: false, name: somebody}
      instances: {create: false, namespace: agents}
      """),
  EVERYTHING(
      """
      nameOverride: reflow
      ipv6: true
      image: {digest: "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"}
      imagePullSecrets: [registry]
      replicas: 5
      secrets:
        jwtSecret: 0123456789abcdef0123456789abcdef
        previousJwtSecret: 0123456789abcdef0123456789abcdee
        encryptionKey: 0123456789abcdef0123456789abcdef
        encryptionKeys: "b:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        dbPassword: "pa$$word: 'x'"
        setupToken: a-token-of-mine
        auditKey: 0123456789abcdef0123456789abcdef
        previousAuditKeys: 0123456789abcdef0123456789abcdee
        telemetryHeaders: "authorization: Bearer abc"
      admin: {email: admin@example.com, password: "it's a \\"password\\""}
      config:
        server: {public-url: "https://mcp.example.com", allowed-hosts: [other.example.com], shutdown-grace: 20s}
        shutdown: {flight-drain: 2m}
        database: {host: db, port: 6432, sslmode: require, pool-size: 20}
        stdio: {sandbox: none, allowed-commands: [npx], max-processes: 50, limits: {memory: 512MiB}}
        telemetry: {enabled: true, endpoint: "http://collector:4317", sampling-ratio: 0.5, resource-attributes: [a=b]}
        kubernetes: {enabled: true, start-timeout: 3m, max-instances: 50}
        audit: {retention: 0s, bodies: {record: arguments, redact-paths: ["$..iban"]}}
        logging: {level: debug}
      extraEnv: [{name: JDK_JAVA_OPTIONS, value: "-Xmx512m"}]
      persistence: {storageClass: fast, size: 10Gi}
      podLabels: {team: a}
      podAnnotations: {note: b}
      priorityClassName: high
      nodeSelector: {disk: ssd}
      tolerations: [{key: dedicated, operator: Exists}]
      affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: a, operator: Exists}]}}]}}
      topologySpread: {kubernetes.io/hostname: DoNotSchedule}
      serviceAccount: {annotations: {role: c}}
      service: {type: LoadBalancer, port: 80, annotations: {d: e}, sessionAffinity: ClientIP}
      ingress: {enabled: true, className: nginx, host: mcp.example.com, tlsSecret: certificate}
      httpRoute:
        enabled: true
        annotations: {f: g}
        parentRefs: [{name: gateway, namespace: infra, sectionName: https}]
        hostnames: [mcp.example.org]
        sessionPersistence: {type: Cookie, sessionName: reflow}
      networkPolicy:
        clients: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}}]
        metricsFrom: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
        apiServer: {cidrs: [10.96.0.1/32], ports: [443]}
      operator:
        image: {repository: registry.example.com/operator, tag: "1", pullPolicy: Always}
        replicas: 3
        config:
          allowedImages: [ghcr.io/acme/, docker.io/mcp]
          allowedServiceAccounts: [tools]
          allowedRuntimeClasses: [gvisor]
          requests: {cpu: 100m}
          limits: {cpu: 2, memory: 1Gi}
          idleTtl: 10m
        podLabels: {team: a}
        podAnnotations: {note: b}
        priorityClassName: high
        nodeSelector: {disk: ssd}
        tolerations: [{key: dedicated, operator: Exists}]
      instances: {quota: {pods: "100", limits.memory: 64Gi}}
      metrics:
        serviceMonitor: {enabled: true, interval: 15s, labels: {release: prometheus}}
        rules: {enabled: true, labels: {release: prometheus}}
        dashboards: {enabled: true, annotations: {grafana_folder: MCP}}
      """),
  BARE(
      """
      secrets: {jwtSecret: 0123456789abcdef0123456789abcdef, encryptionKey: 0123456789abcdef0123456789abcdef, dbPassword: pass}
      config: {database: {host: db}, auth: {registration: closed}}
      persistence: {enabled: false}
      networkPolicy: {enabled: false}
      operator: {enabled: false}
      topologySpread: {kubernetes.io/hostname: null, topology.kubernetes.io/zone: null}
      """);

  final String values;

  Cases(String values) {
    this.values = values;
  }

  Installed install() {
    return new Installed(
        Chart.render(values),
        Map.of(
            "mine/jwt-secret", "0123456789abcdef0123456789abcdef",
            "mine/encryption-key", "0123456789abcdef0123456789abcdef",
            "mine/db-password", "secret",
            "boss/email", "boss@example.com",
            "boss/password", "secure123"));
  }
}
