package io.reflow.gateway.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// While an update rolls out, the version before runs on the new schema: so a migration may add,
/// but takes nothing away and demands nothing new of what that version writes.
class ExpandOnlyTest {

  private static final Pattern COMMENT = Pattern.compile("--[^\n]*");
  private static final Pattern NARROWING =
      Pattern.compile(
          "\\bdrop\\b|\\brename\\b|\\btruncate\\b|\\bset\\s+not\\s+null\\b"
              + "|\\balter\\s+(column\\s+)?\\S+\\s+(set\\s+data\\s+)?type\\b"
              + "|\\badd\\s+(column\\s+)?(?![^,;]*\\bdefault\\b)[^,;]*\\bnot\\s+null\\b");

  @ParameterizedTest
  @MethodSource("migrations")
  void takesNothingAway(Path migration) throws IOException {
    assertThat(narrowing(Files.readString(migration))).as(migration.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "drop table users;",
        "alter table users rename column a to b;",
        "alter table users alter column a type text;",
        "alter table users alter a set data type text;",
        "alter table users alter column a set not null;",
        "alter table users add column a text not null;",
        "alter table users\n  drop column a;",
        "truncate users;"
      })
  void noticesWhatTheVersionBeforeCouldNotLiveWith(String sql) {
    assertThat(narrowing(sql)).isPresent();
  }

  @Test
  void letsAColumnWithADefaultIn() {
    assertThat(narrowing("alter table users add column a text not null default 'x';")).isEmpty();
    assertThat(narrowing("-- drop\nalter table users add column a text;")).isEmpty();
  }

  static Stream<Path> migrations() throws IOException {
    try (var files = Files.list(Path.of("src/main/resources/db/migration"))) {
      return files.toList().stream();
    }
  }

  private static Optional<String> narrowing(String sql) {
    var found = NARROWING.matcher(COMMENT.matcher(sql).replaceAll("").toLowerCase(Locale.ROOT));
    return found.find() ? Optional.of(found.group()) : Optional.empty();
  }
}
