package io.reflow.gateway.config;

/// The whole configuration, one record for each section of `application.yaml`.
public record GatewayConfig(
    ServerConfig server,
    ManagementConfig management,
    DatabaseConfig database,
    AuthConfig auth,
    JwtConfig jwt,
    EncryptionConfig encryption,
    CorsConfig cors,
    SessionConfig session,
    PolicyConfig policy,
    McpConfig mcp,
    StdioConfig stdio,
    KubernetesConfig kubernetes,
    TelemetryConfig telemetry,
    AuditConfig audit,
    LoggingConfig logging) {

  public static final GatewayConfig DEFAULTS =
      new GatewayConfig(
          ServerConfig.DEFAULTS,
          ManagementConfig.DEFAULTS,
          DatabaseConfig.DEFAULTS,
          AuthConfig.DEFAULTS,
          JwtConfig.DEFAULTS,
          EncryptionConfig.DEFAULTS,
          CorsConfig.DEFAULTS,
          SessionConfig.DEFAULTS,
          PolicyConfig.DEFAULTS,
          McpConfig.DEFAULTS,
          StdioConfig.DEFAULTS,
          KubernetesConfig.DEFAULTS,
          TelemetryConfig.DEFAULTS,
          AuditConfig.DEFAULTS,
          LoggingConfig.DEFAULTS);
}
