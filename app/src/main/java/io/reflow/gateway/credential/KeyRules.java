package io.reflow.gateway.credential;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.target.TargetRules;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Which keys and values may be stored, and by whom.
public final class KeyRules {

  /// The key whose value is an HTTP target's token.
  public static final String AUTH_TOKEN = "AUTH_TOKEN";

  /// The key whose value names the header that an HTTP target's token goes into.
  static final String AUTH_HEADER = "AUTH_HEADER";

  /// The key whose value is where an HTTP target is reached, in place of its own URL.
  static final String BASE_URL = "BASE_URL";

  /// The key whose value is how long an HTTP target may be silent in a call.
  static final String TIMEOUT = "TIMEOUT";

  private static final Set<String> RESERVED = Set.of(AUTH_TOKEN, AUTH_HEADER, BASE_URL, TIMEOUT);

  private static final Pattern KEY = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,127}");
  private static final int LONGEST_VALUE = 32 * 1024;
  private static final int LONGEST_HEADER = 8 * 1024;
  private static final Pattern TIME = Pattern.compile("(\\d{1,9})(ms|s|m|h)?");
  private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(100);
  private static final Duration LONGEST_TIMEOUT = Duration.ofHours(24);

  private static final Set<String> STEERING =
      Set.of(
          "PATH",
          "PATHEXT",
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
          "FPATH",
          "PS4",
          "PROMPT_COMMAND",
          "SHELLOPTS",
          "BASHOPTS",
          "ZDOTDIR",
          "INPUTRC",
          "POSIXLY_CORRECT",
          "EDITOR",
          "VISUAL",
          "PAGER",
          "MANPAGER",
          "BROWSER",
          "LESSOPEN",
          "LESSCLOSE",
          "TERMINFO",
          "TERMINFO_DIRS",
          "TERMCAP",
          "LOCPATH",
          "NLSPATH",
          "GCONV_PATH",
          "HOSTALIASES",
          "LOCALDOMAIN",
          "RESOLV_HOST_CONF",
          "RES_OPTIONS",
          "NSS_WRAPPER_HOSTS",
          "CLASSPATH",
          "JDK_JAVA_OPTIONS",
          "JAVA_OPTIONS",
          "JAVA_OPTS",
          "JAVA_HOME",
          "JRE_HOME",
          "PHPRC",
          "TCLLIBPATH",
          "R_HOME",
          "R_PROFILE",
          "R_PROFILE_USER",
          "R_ENVIRON",
          "R_ENVIRON_USER",
          "R_LIBS",
          "R_LIBS_USER",
          "R_LIBS_SITE",
          "GUILE_LOAD_PATH",
          "GUILE_LOAD_COMPILED_PATH",
          "CAML_LD_LIBRARY_PATH",
          "OCAMLPATH",
          "GOFLAGS",
          "GOENV",
          "GOPROXY",
          "GONOPROXY",
          "GOSUMDB",
          "GONOSUMDB",
          "GONOSUMCHECK",
          "GOINSECURE",
          "GOPRIVATE",
          "GOROOT",
          "GOPATH",
          "GOBIN",
          "GOTOOLCHAIN",
          "GOVCS",
          "GOAUTH",
          "GODEBUG",
          "GOWORK",
          "SSLKEYLOGFILE",
          "SSL_CERT_FILE",
          "SSL_CERT_DIR",
          "REQUESTS_CA_BUNDLE",
          "CURL_CA_BUNDLE",
          "CURL_HOME",
          "WGETRC",
          "NETRC",
          "AWS_CA_BUNDLE",
          "AWS_CONFIG_FILE",
          "AWS_SHARED_CREDENTIALS_FILE",
          "KRB5_CONFIG",
          "KUBECONFIG",
          "VIRTUAL_ENV",
          "GTK_MODULES",
          "GTK_PATH",
          "QT_PLUGIN_PATH",
          "QT_QPA_PLATFORM_PLUGIN_PATH",
          "LIBGL_DRIVERS_PATH",
          "MAKEFLAGS",
          "MAKEFILES",
          "CC",
          "CXX",
          "CPP",
          "LD",
          "CFLAGS",
          "CXXFLAGS",
          "CPPFLAGS",
          "LDFLAGS",
          "CPATH",
          "C_INCLUDE_PATH",
          "CPLUS_INCLUDE_PATH",
          "LIBRARY_PATH",
          "COMPILER_PATH",
          "GCC_EXEC_PREFIX",
          "PROXY",
          "SOCKS_SERVER",
          "SOCKS5_SERVER",
          "CHROME_PATH",
          "CHROME_BIN",
          "PUPPETEER_EXECUTABLE_PATH");

  /// In upper case, as keys are compared: some programs read the lower-case form too.
  private static final List<String> STEERING_BEGINNINGS =
      List.of(
          "LD_",
          "DYLD_",
          "GLIBC_",
          "MALLOC_",
          "ASAN_",
          "LSAN_",
          "MSAN_",
          "TSAN_",
          "UBSAN_",
          "LIBPATH",
          "SHLIB_PATH",
          "NODE_",
          "NODENV_",
          "NVM_",
          "FNM_",
          "VOLTA_",
          "TS_NODE_",
          "TSX_",
          "NPM_CONFIG_",
          "NPX_",
          "PNPM_",
          "YARN_",
          "COREPACK_",
          "BUN_",
          "DENO_",
          "ELECTRON_",
          "PYTHON",
          "PYENV_",
          "PIP_",
          "PIPX_",
          "PIPENV_",
          "UV_",
          "POETRY_",
          "PDM_",
          "HATCH_",
          "CONDA_",
          "MAMBA_",
          "CLOUDSDK_PYTHON",
          "PERL",
          "RUBY",
          "RBENV_",
          "GEM_",
          "BUNDLE_",
          "PHP_",
          "COMPOSER_",
          "LUA_",
          "LUAROCKS_",
          "JULIA_",
          "ERL_",
          "ELIXIR_",
          "MIX_",
          "HEX_",
          "OPAM",
          "BASH_",
          "JAVA_TOOL_",
          "_JAVA_",
          "JAVA_OPTIONS_",
          "MAVEN_",
          "MVN_",
          "GRADLE_",
          "SBT_",
          "JBANG_",
          "RUST",
          "CARGO_",
          "DOTNET_",
          "CORECLR_",
          "COR_",
          "MONO_",
          "NUGET_",
          "GIT_",
          "SSH_",
          "GPG_",
          "DOCKER_",
          "CONTAINER_",
          "BUILDAH_",
          "PODMAN_",
          "HELM_",
          "HOMEBREW_",
          "NIX_",
          "APT_",
          "ASDF_",
          "MISE_",
          "PKG_CONFIG_",
          "CMAKE_",
          "OPENSSL_",
          "P11_KIT_",
          "GIO_",
          "GDK_",
          "XDG_",
          "DBUS_",
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

  /// Whether the key means something of its own to HTTP targets.
  static boolean reserved(String key) {
    return RESERVED.contains(key);
  }

  /// Whether only an admin may set the key: it steers, or it says where an HTTP target's token
  /// goes.
  static boolean adminsAlone(Target target, String key) {
    return steers(key) || (overHttp(target) && (key.equals(AUTH_HEADER) || key.equals(BASE_URL)));
  }

  /// Whether the key can have a value in the scope: where a target is, no user's own scope says.
  static boolean counts(Target target, Scope scope, String key) {
    return !(scope instanceof Scope.User && overHttp(target) && key.equals(BASE_URL));
  }

  private static boolean overHttp(Target target) {
    return target.transport().address().isPresent();
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
    if (overHttp(target)) {
      switch (key) {
        case AUTH_TOKEN -> checkHeaderValue(key, value);
        case AUTH_HEADER -> {
          String _ = TargetRules.headerName(AUTH_HEADER, value);
        }
        case BASE_URL -> {
          URI _ = TargetRules.url(BASE_URL, value);
        }
        case TIMEOUT -> {
          Duration _ = timeout(value);
        }
        default -> {
          // Not sent, or checked with the header that it goes into.
        }
      }
    }
  }

  static void checkHeaderValue(String key, String value) {
    if (!fitsHeader(value)) {
      throw new InvalidRequest(
          "the value of %s travels in an HTTP header: it must be printable ASCII without spaces at its ends, at most %d characters"
              .formatted(key, LONGEST_HEADER));
    }
  }

  static boolean fitsHeader(String value) {
    return !value.isEmpty()
        && value.length() <= LONGEST_HEADER
        && value.equals(value.strip())
        && value.chars().allMatch(c -> c >= 0x20 && c <= 0x7e);
  }

  /// @param value seconds, or a number with its unit: `30`, `30s`, `1500ms`, `5m`
  static Duration timeout(String value) {
    Matcher matcher = TIME.matcher(value);
    Duration timeout = Duration.ZERO;
    if (matcher.matches()) {
      long amount = Long.parseLong(matcher.group(1));
      timeout =
          switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            case null, default -> Duration.ofSeconds(amount);
          };
    }
    if (timeout.compareTo(SHORTEST_TIMEOUT) < 0 || timeout.compareTo(LONGEST_TIMEOUT) > 0) {
      throw new InvalidRequest(
          "the value of TIMEOUT must be seconds, or a time like 500ms, 30s or 5m, of 100ms to 24h");
    }
    return timeout;
  }
}
