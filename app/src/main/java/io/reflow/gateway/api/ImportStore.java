package io.reflow.gateway.api;

import io.reflow.gateway.credential.CredentialStore;
import io.reflow.gateway.database.Database;
import io.reflow.gateway.target.TargetStore;
import java.util.List;

/// Writes imported targets with their secrets: all of them, or none.
public final class ImportStore {

  private final Database database;
  private final CredentialStore credentials;

  public ImportStore(Database database, CredentialStore credentials) {
    this.database = database;
    this.credentials = credentials;
  }

  void insertAll(List<ImportedTarget> imported) {
    database.transaction(db -> {
      for (ImportedTarget each : imported) {
        TargetStore.insert(db, each.target());
        each.secrets()
            .forEach((key, value) -> credentials.putDefault(db, each.target().id(), key, value));
      }
      return imported.size();
    });
  }
}
