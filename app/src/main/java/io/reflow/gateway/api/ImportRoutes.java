package io.reflow.gateway.api;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.http.Exchange;
import io.reflow.gateway.identity.Authentication.Authenticated;
import io.reflow.gateway.target.AddressRules;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.Transport.Stdio;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `/api/targets/import`: takes over the servers that a client keeps in its file. All entries are
/// imported, or none; secrets become encrypted default env configs.
public final class ImportRoutes {

  private static final int MOST_ENTRIES = 200;

  private final ImportStore store;
  private final Reload reload;
  private final TakenNames taken;
  private final AddressRules addresses;

  public ImportRoutes(ImportStore store, Reload reload, AddressRules addresses) {
    this.store = store;
    this.reload = reload;
    this.taken = new TakenNames(reload.targets());
    this.addresses = addresses;
  }

  /// What is or would be created.
  ///
  /// @param ignoredMembers what else the file has, which means nothing here
  public record ResultJson(boolean dryRun, List<EntryJson> targets, List<String> ignoredMembers) {}

  /// One entry: with a `problem` it can't be imported.
  public record EntryJson(
      String source,
      String name,
      @Nullable String id,
      @Nullable String transportType,
      @Nullable String url,
      @Nullable String command,
      @Nullable List<String> args,
      @Nullable List<String> envKeys,
      @Nullable List<String> ignoredFields,
      @Nullable String problem) {

    static EntryJson of(ImportedTarget imported, boolean created) {
      Target target = imported.target();
      return new EntryJson(
          imported.source(),
          target.name(),
          created ? target.id().toString() : null,
          target.transport().wireName(),
          target.transport().address().map(URI::toString).orElse(null),
          target.transport() instanceof Stdio(var command, _, _) ? command : null,
          target.transport() instanceof Stdio(_, var arguments, _) ? arguments : null,
          imported.secrets().keySet().stream().sorted().toList(),
          imported.ignored(),
          null);
    }

    static EntryJson of(String source, String name, String problem) {
      return new EntryJson(source, name, null, null, null, null, null, null, null, problem);
    }
  }

  public void importAll(Exchange<Authenticated> exchange) {
    boolean dryRun = dryRun(exchange.query("dry_run"));
    ClientFile file = ClientFile.of(exchange.relaxedBody(Map.class));
    if (file.servers().size() > MOST_ENTRIES) {
      throw new InvalidRequest("the file has more than %d servers".formatted(MOST_ENTRIES));
    }
    List<ImportedTarget> imported = new ArrayList<>();
    List<EntryJson> problems = new ArrayList<>();
    read(file.servers(), imported, problems);
    if (dryRun) {
      exchange.ok(result(true, imported, problems, file));
      return;
    }
    if (!problems.isEmpty()) {
      throw new InvalidRequest("nothing was imported: " + joined(problems));
    }
    store.insertAll(imported);
    reload.run();
    exchange.created(result(false, imported, problems, file));
  }

  private void read(
      Map<String, @Nullable Object> entries,
      List<ImportedTarget> imported,
      List<EntryJson> problems) {
    Set<String> used = new HashSet<>();
    entries.forEach((source, entry) -> {
      String name = DesktopConfig.name(source, used);
      used.add(name);
      try {
        ImportedTarget target = DesktopConfig.read(source, name, entry);
        addresses.check(target.target());
        Optional<String> conflict = taken.conflict(target.target());
        conflict.ifPresentOrElse(
            problem -> problems.add(EntryJson.of(source, name, problem)),
            () -> imported.add(target));
      } catch (InvalidRequest e) {
        problems.add(EntryJson.of(source, name, e.reason()));
      }
    });
  }

  private static ResultJson result(
      boolean dryRun, List<ImportedTarget> imported, List<EntryJson> problems, ClientFile file) {
    List<EntryJson> entries = new ArrayList<>();
    imported.forEach(each -> entries.add(EntryJson.of(each, !dryRun)));
    entries.addAll(problems);
    return new ResultJson(dryRun, entries, file.ignored());
  }

  private static String joined(List<EntryJson> problems) {
    return problems.stream()
        .map(each -> "'%s': %s".formatted(each.source(), each.problem()))
        .collect(Collectors.joining("; "));
  }

  private static boolean dryRun(Optional<String> parameter) {
    return switch (parameter.orElse("false")) {
      case "true", "" -> true;
      case "false" -> false;
      default -> throw new InvalidRequest("dry_run must be true or false");
    };
  }
}
