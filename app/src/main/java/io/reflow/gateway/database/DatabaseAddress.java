package io.reflow.gateway.database;

import io.reflow.gateway.config.DatabaseConfig;
import io.reflow.gateway.config.Secret;
import org.postgresql.ds.PGSimpleDataSource;

/// Where a database is and who logs in there.
public record DatabaseAddress(
    String host, int port, String name, String user, Secret password, String sslmode) {

  /// The server that the configuration names.
  public static DatabaseAddress of(DatabaseConfig config) {
    return new DatabaseAddress(
        config.host().orElseThrow(() -> new IllegalStateException("database.host is not set")),
        config.port(),
        config.name(),
        config.user(),
        config
            .password()
            .orElseThrow(() ->
                new IllegalStateException("database.password must be set when database.host is")),
        config.sslmode());
  }

  /// Another database on the same server.
  public DatabaseAddress withName(String other) {
    return new DatabaseAddress(host, port, other, user, password, sslmode);
  }

  /// Strings go to the server without a type, so that `:id` fits a uuid and `:document` a jsonb
  /// column without a cast.
  PGSimpleDataSource dataSource(int connectTimeoutSeconds, int socketTimeoutSeconds) {
    var source = new PGSimpleDataSource();
    source.setServerNames(new String[] {host});
    source.setPortNumbers(new int[] {port});
    source.setDatabaseName(name);
    source.setUser(user);
    source.setPassword(password.reveal());
    source.setSslMode(sslmode);
    source.setConnectTimeout(connectTimeoutSeconds);
    source.setLoginTimeout(connectTimeoutSeconds);
    source.setSocketTimeout(socketTimeoutSeconds);
    source.setTcpKeepAlive(true);
    source.setApplicationName("reflow-gateway");
    source.setStringType("unspecified");
    return source;
  }
}
