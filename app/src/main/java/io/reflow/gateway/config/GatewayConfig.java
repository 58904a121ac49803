package io.reflow.gateway.config;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// The whole configuration, one record for each section of `application.yaml`.
public record GatewayConfig(
    ServerConfig server,
    ShutdownConfig shutdown,
    ManagementConfig management,
    DatabaseConfig database,
    AuthConfig auth,
    JwtConfig jwt,
    EncryptionConfig encryption,
    CorsConfig cors,
    SessionConfig session,
    ReplicaConfig replica,
    PolicyConfig policy,
    McpConfig mcp,
    UpstreamConfig upstream,
    StdioConfig stdio,
    TerminalConfig terminal,
    KubernetesConfig kubernetes,
    TelemetryConfig telemetry,
    AuditConfig audit,
    LoggingConfig logging) {

  private static final Pattern LOOPBACK =
      Pattern.compile("127(\\.\\d{1,3}){3}|\\[(::|(0{1,4}:){7})0{0,3}1]");

  public static final GatewayConfig DEFAULTS =
      new GatewayConfig(
          ServerConfig.DEFAULTS,
          ShutdownConfig.DEFAULTS,
          ManagementConfig.DEFAULTS,
          DatabaseConfig.DEFAULTS,
          AuthConfig.DEFAULTS,
          JwtConfig.DEFAULTS,
          EncryptionConfig.DEFAULTS,
          CorsConfig.DEFAULTS,
          SessionConfig.DEFAULTS,
          ReplicaConfig.DEFAULTS,
          PolicyConfig.DEFAULTS,
          McpConfig.DEFAULTS,
          UpstreamConfig.DEFAULTS,
          StdioConfig.DEFAULTS,
          TerminalConfig.DEFAULTS,
          KubernetesConfig.DEFAULTS,
          TelemetryConfig.DEFAULTS,
          AuditConfig.DEFAULTS,
          LoggingConfig.DEFAULTS);

  public GatewayConfig {
    new Check("")
        .that(
            !management.enabled() || management.port() != server.port() || management.port() == 0,
            "management.port",
            management.port(),
            "another port than server.port")
        .that(
            replica.address().isEmpty()
                || replica.port() == 0
                || (replica.port() != server.port()
                    && (!management.enabled() || replica.port() != management.port())),
            "replica.port",
            replica.port(),
            "another port than those of server and management")
        .that(
            !production(server) || stdio.sandbox().isPresent(),
            "stdio.sandbox",
            "nothing",
            "none, user or bubblewrap: server.public-url is no loopback name, so say how child"
                + " processes are to be contained")
        .orThrow();
  }

  /// Whether clients elsewhere use this gateway: the host of `server.public-url` is no loopback
  /// name. Then nothing may be open that is only fit for one's own machine.
  public boolean production() {
    return production(server);
  }

  private static boolean production(ServerConfig server) {
    String host = server.publicUrl().getHost().toLowerCase(Locale.ROOT);
    return !(host.equals("localhost")
        || host.endsWith(".localhost")
        || LOOPBACK.matcher(host).matches());
  }

  GatewayConfig withPublicUrl(URI url) {
    ServerConfig changed =
        new ServerConfig(
            server.host(),
            server.port(),
            url,
            server.allowedHosts(),
            server.dataDir(),
            server.maxBodySize(),
            server.maxHeaderSize(),
            server.headerTimeout(),
            server.bodyTimeout(),
            server.idleTimeout(),
            server.maxConnections(),
            server.shutdownGrace());
    return with(changed, jwt, encryption, audit);
  }

  GatewayConfig withJwtSecret(Secret secret) {
    JwtConfig changed =
        new JwtConfig(
            Optional.of(secret),
            jwt.previousSecret(),
            jwt.issuer(),
            jwt.audience(),
            jwt.lifetime(),
            jwt.leeway());
    return with(server, changed, encryption, audit);
  }

  GatewayConfig withEncryptionKey(Secret key) {
    return with(server, jwt, new EncryptionConfig(Optional.of(key), encryption.keys()), audit);
  }

  GatewayConfig withAuditKey(Secret key) {
    return with(server, jwt, encryption, audit.withKey(key));
  }

  private GatewayConfig with(
      ServerConfig server, JwtConfig jwt, EncryptionConfig encryption, AuditConfig audit) {
    return new GatewayConfig(
        server,
        shutdown,
        management,
        database,
        auth,
        jwt,
        encryption,
        cors,
        session,
        replica,
        policy,
        mcp,
        upstream,
        stdio,
        terminal,
        kubernetes,
        telemetry,
        audit,
        logging);
  }
}
