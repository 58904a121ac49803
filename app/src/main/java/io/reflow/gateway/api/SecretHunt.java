package io.reflow.gateway.api;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Tells texts that look like they hold a secret. Arguments and URLs are stored and shown in the
/// clear, so none may stay in them.
final class SecretHunt {

  private static final String WORDS =
      "(?:api[-_]?key|apikey|access[-_]?key|auth[-_]?token|access[-_]?token|token|secret|password"
          + "|passwd|pwd|pass|credentials?|private[-_]?key|authorization|bearer|signature|sig|auth"
          + "|key)";

  /// `--api-key`, `-token`, `GITHUB_TOKEN`.
  private static final Pattern SECRET_NAME = Pattern.compile("(?i)(?:^|.*[-_.])" + WORDS);

  private static final Pattern ASSIGNMENT = Pattern.compile("(?s)([^=:\\s]{1,80})\\s*[=:]\\s*(.+)");

  private static final Pattern KNOWN =
      Pattern.compile(
          "(?:^|[^A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}"
              + "|glpat-[A-Za-z0-9_-]{16,}|sk-[A-Za-z0-9_-]{16,}|sk_(?:live|test)_[A-Za-z0-9]{8,}"
              + "|xox[abeoprs]-[A-Za-z0-9-]{8,}|AKIA[0-9A-Z]{12,}|AIza[A-Za-z0-9_-]{20,}"
              + "|npm_[A-Za-z0-9]{20,}|hf_[A-Za-z0-9]{16,}|rfl_[A-Za-z0-9_-]{8,}"
              + "|ntn_[A-Za-z0-9]{16,}|eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]+|-----BEGIN )");

  private static final Pattern BEARER = Pattern.compile("(?is).*\\b(?:bearer|basic)\\s+\\S{8,}.*");

  /// `scheme://user:password@host`.
  private static final Pattern LOGIN = Pattern.compile("(?s).*://[^/\\s@]*:[^/\\s@]+@.*");

  private static final Pattern RANDOM = Pattern.compile("[A-Za-z0-9+/_=-]{32,}");

  private static final String ADVICE =
      "put it into env and have the program read it from there, or store it as an env config";

  private SecretHunt() {}

  /// Why the arguments can't be taken over; never quotes a value.
  static Optional<String> inArguments(List<String> arguments) {
    boolean afterName = false;
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      boolean value = !argument.startsWith("-");
      if ((afterName && value) || suspicious(argument)) {
        return Optional.of(
            "args[%d] looks like it holds a secret, which would be stored in the clear: %s"
                .formatted(i, ADVICE));
      }
      afterName = argument.startsWith("-") && SECRET_NAME.matcher(argument).matches();
    }
    return Optional.empty();
  }

  /// Why the URL can't be taken over; never quotes a value.
  static Optional<String> inUrl(String url) {
    boolean login = LOGIN.matcher(url).matches() || url.matches("(?s)[^/]*//[^/?#]*@.*");
    int question = url.indexOf('?');
    String query = question < 0 ? "" : url.substring(question + 1);
    boolean parameter = List.of(query.split("&")).stream().anyMatch(SecretHunt::suspicious);
    boolean segment = List.of(url.split("[/?]")).stream().anyMatch(SecretHunt::random);
    if (login || parameter || segment || KNOWN.matcher(url).find()) {
      return Optional.of(
          "url looks like it holds a secret, which would be stored in the clear: send it in a"
              + " header (headers with Authorization becomes auth_type bearer)");
    }
    return Optional.empty();
  }

  private static boolean suspicious(String text) {
    var assignment = ASSIGNMENT.matcher(text);
    if (assignment.matches()
        && SECRET_NAME.matcher(assignment.group(1)).matches()
        && !assignment.group(2).isBlank()) {
      return true;
    }
    return KNOWN.matcher(text).find()
        || BEARER.matcher(text).matches()
        || LOGIN.matcher(text).matches()
        || random(text)
        || (text.contains("://") && inUrl(text).isPresent())
        || (assignment.matches() && random(assignment.group(2)));
  }

  /// Long, of letters and digits, and not made of words.
  private static boolean random(String text) {
    if (!RANDOM.matcher(text).matches()) {
      return false;
    }
    long digits = text.chars().filter(Character::isDigit).count();
    long letters = text.chars().filter(Character::isLetter).count();
    long changes = 0;
    for (int i = 1; i < text.length(); i++) {
      if (kind(text.charAt(i)) != kind(text.charAt(i - 1))) {
        changes++;
      }
    }
    return digits >= 4 && letters >= 4 && changes * 4 >= text.length();
  }

  private static int kind(char c) {
    if (Character.isDigit(c)) {
      return 0;
    }
    return Character.isUpperCase(c) ? 1 : 2;
  }
}
