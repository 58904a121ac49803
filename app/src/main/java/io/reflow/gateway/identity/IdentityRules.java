package io.reflow.gateway.identity;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What e-mails, passwords and names may look like. Everything refused here names its field.
public final class IdentityRules {

  private static final int MAX_EMAIL_LENGTH = 254;
  private static final int MIN_PASSWORD_LENGTH = 8;
  private static final int MAX_PASSWORD_BYTES = 1024;
  private static final int MAX_TOKEN_NAME_LENGTH = 100;
  private static final int MAX_GROUPS = 100;

  private static final Pattern EMAIL =
      Pattern.compile(
          "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
              + "@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
              + "(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*");

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._:@/-]{1,64}");

  private static final Pattern PRINTABLE = Pattern.compile("\\P{Cntrl}*");

  private IdentityRules() {}

  static String required(String field, @Nullable String value) {
    if (value == null) {
      throw new InvalidRequest("the field '%s' is missing".formatted(field));
    }
    return value;
  }

  /// The e-mail in lower case.
  static String email(@Nullable String value) {
    String email = required("email", value);
    if (email.length() > MAX_EMAIL_LENGTH || !EMAIL.matcher(email).matches()) {
      throw new InvalidRequest("the field 'email' is not an e-mail address");
    }
    return email.toLowerCase(Locale.ROOT);
  }

  /// A password that is to be set.
  static String newPassword(String field, @Nullable String value) {
    String password = password(field, value);
    if (password.codePointCount(0, password.length()) < MIN_PASSWORD_LENGTH) {
      throw new InvalidRequest(
          "the field '%s' needs at least %d characters".formatted(field, MIN_PASSWORD_LENGTH));
    }
    return password;
  }

  /// A password that is to be compared.
  static String password(String field, @Nullable String value) {
    String password = required(field, value);
    if (password.getBytes(StandardCharsets.UTF_8).length > MAX_PASSWORD_BYTES) {
      throw new InvalidRequest(
          "the field '%s' has more than %d bytes".formatted(field, MAX_PASSWORD_BYTES));
    }
    return password;
  }

  /// A role's or a group's name.
  public static String name(String field, @Nullable String value) {
    String name = required(field, value);
    if (!NAME.matcher(name).matches()) {
      throw new InvalidRequest(
          "the field '%s' holds a name that is not 1 to 64 of A-Z a-z 0-9 . _ : @ / -"
              .formatted(field));
    }
    return name;
  }

  static SortedSet<String> groups(List<@Nullable String> names) {
    if (names.size() > MAX_GROUPS) {
      throw new InvalidRequest("the field 'groups' has more than %d names".formatted(MAX_GROUPS));
    }
    var groups = new TreeSet<String>();
    names.forEach(name -> groups.add(name("groups", name)));
    return groups;
  }

  static String tokenName(@Nullable String value) {
    String name = required("name", value).strip();
    boolean fits = !name.isEmpty() && name.length() <= MAX_TOKEN_NAME_LENGTH;
    if (!fits || !PRINTABLE.matcher(name).matches()) {
      throw new InvalidRequest(
          "the field 'name' needs 1 to %d printable characters".formatted(MAX_TOKEN_NAME_LENGTH));
    }
    return name;
  }
}
