package io.reflow.gateway.credential;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.target.Target;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Which keys and values may be stored, and by whom.
public final class KeyRules {

  /// The key whose value is an HTTP target's token.
  public static final String AUTH_TOKEN = "AUTH_TOKEN";

  private static final Pattern KEY = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");
  private static final int LONGEST_VALUE = 32 * 1024;
  private static final int LONGEST_HEADER = 8 * 1024;

  private static final Set<String> STEERING =
      Set.of(
          "PATH",
          "PATHEXT",
          "DOCKER_HOST",
          "DOCKER_CONFIG",
          "HOME",
          "USER",
          "LOGNAME",
          "SHELL",
          "PWD",
          "TMPDIR",
          "TMP",
          "TEMP",
          "ENV",
          "IFS",
          "CDPATH",
          "PS4",
          "PROMPT_COMMAND",
          "EDITOR",
          "VISUAL",
          "PAGER",
          "BROWSER",
          "LOCPATH",
          "NLSPATH",
          "GCONV_PATH",
          "HOSTALIASES",
          "RESOLV_HOST_CONF",
          "RES_OPTIONS",
          "MALLOC_TRACE",
          "CLASSPATH",
          "RUBYOPT",
          "RUBYLIB",
          "RUBYSHELL",
          "GEM_HOME",
          "GEM_PATH",
          "BUNDLE_GEMFILE",
          "PHPRC",
          "PHP_INI_SCAN_DIR",
          "R_PROFILE",
          "R_HOME",
          "TCLLIBPATH",
          "LUA_INIT",
          "JDK_JAVA_OPTIONS",
          "JAVA_OPTIONS",
          "JAVA_HOME",
          "GOFLAGS",
          "GOPROXY",
          "GOSUMDB",
          "GOROOT",
          "GOPATH",
          "GOTOOLCHAIN",
          "RUSTFLAGS",
          "RUSTC_WRAPPER",
          "SSLKEYLOGFILE",
          "SSL_CERT_FILE",
          "SSL_CERT_DIR",
          "REQUESTS_CA_BUNDLE",
          "CURL_CA_BUNDLE",
          "CURL_HOME",
          "OPENSSL_CONF",
          "OPENSSL_MODULES",
          "OPENSSL_ENGINES",
          "VIRTUAL_ENV",
          "COREPACK_ROOT",
          "ELECTRON_RUN_AS_NODE");

  /// In upper case, as keys are compared: some programs read the lower-case form too.
  private static final List<String> STEERING_BEGINNINGS =
      List.of(
          "LD_",
          "DYLD_",
          "GLIBC_",
          "NODE_",
          "PYTHON",
          "PERL",
          "RUBY",
          "BASH_",
          "ZDOTDIR",
          "JAVA_TOOL_",
          "_JAVA_",
          "MAVEN_",
          "GRADLE_",
          "NPM_CONFIG_",
          "PNPM_",
          "YARN_",
          "BUN_",
          "DENO_",
          "PIP_",
          "PIPX_",
          "UV_",
          "POETRY_",
          "CONDA_",
          "CARGO_",
          "DOTNET_",
          "CORECLR_",
          "COR_",
          "GIT_",
          "SSH_",
          "XDG_",
          "REFLOW_");

  private KeyRules() {}

  /// Whether the key steers a loader, an interpreter, a proxy or a package manager: whoever sets it
  /// chooses what code runs or where traffic goes.
  public static boolean steers(String key) {
    String upper = key.toUpperCase(Locale.ROOT);
    return STEERING.contains(upper)
        || upper.endsWith("_PROXY")
        || STEERING_BEGINNINGS.stream().anyMatch(upper::startsWith);
  }

  /// The key, if it is the name of an environment variable.
  public static String key(@Nullable String key) {
    if (key == null || !KEY.matcher(key).matches()) {
      throw new InvalidRequest(
          "key must be a letter or '_' and then letters, digits and '_', 128 at most");
    }
    return key;
  }

  /// Refuses a value that can't be handed to the target.
  ///
  /// @throws InvalidRequest naming the key, never the value
  public static void checkValue(Target target, String key, String value) {
    if (value.indexOf('\0') >= 0 || value.length() > LONGEST_VALUE) {
      throw new InvalidRequest(
          "the value of %s must not contain NUL, nor be longer than %d characters"
              .formatted(key, LONGEST_VALUE));
    }
    if (target.transport().address().isPresent() && key.equals(AUTH_TOKEN) && !fitsHeader(value)) {
      throw new InvalidRequest(
          "the value of AUTH_TOKEN travels in an HTTP header: it must be printable ASCII without"
              + " spaces at its ends, at most %d characters".formatted(LONGEST_HEADER));
    }
  }

  static boolean fitsHeader(String value) {
    return !value.isEmpty()
        && value.length() <= LONGEST_HEADER
        && value.equals(value.strip())
        && value.chars().allMatch(c -> c >= 0x20 && c <= 0x7e);
  }
}
