package io.reflow.gateway.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyRulesTest {

  @ParameterizedTest
  @ValueSource(strings = {"A", "_x", "GITHUB_TOKEN", "a1"})
  void acceptsNamesOfVariables(String key) {
    assertThat(KeyRules.key(key)).isEqualTo(key);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1A", "A-B", "A B", "A=B", "É", "A\n", "A\0"})
  void refusesOtherNames(String key) {
    assertThatExceptionOfType(InvalidRequest.class).isThrownBy(() -> KeyRules.key(key));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES",
        "NODE_OPTIONS",
        "NODE_PATH",
        "node_options",
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "PATH",
        "HOME",
        "http_proxy",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "no_proxy",
        "npm_config_registry",
        "NPM_CONFIG_REGISTRY",
        "JAVA_TOOL_OPTIONS",
        "_JAVA_OPTIONS",
        "JDK_JAVA_OPTIONS",
        "RUBYOPT",
        "PERL5OPT",
        "PERL5LIB",
        "BASH_ENV",
        "ENV",
        "GIT_SSH_COMMAND",
        "PIP_INDEX_URL",
        "SSL_CERT_FILE",
        "PYTHON_X",
        "PERL5DB",
        "PHP_INI_SCAN_DIR",
        "LUA_PATH",
        "R_PROFILE_USER",
        "ERL_AFLAGS",
        "SHELLOPTS",
        "PROMPT_COMMAND",
        "LESSOPEN",
        "UV_INDEX_URL",
        "YARN_REGISTRY",
        "PNPM_HOME",
        "COREPACK_NPM_REGISTRY",
        "CARGO_HOME",
        "GOPROXY",
        "GOFLAGS",
        "BUNDLE_GEMFILE",
        "COMPOSER_HOME",
        "NUGET_PACKAGES",
        "DOTNET_STARTUP_HOOKS",
        "CORECLR_PROFILER",
        "MALLOC_CONF",
        "GCONV_PATH",
        "OPENSSL_CONF",
        "DOCKER_HOST",
        "KUBECONFIG",
        "AWS_CONFIG_FILE",
        "SOCKS_SERVER",
        "ftp_proxy",
        "npm_config__auth",
        "XDG_CONFIG_HOME",
        "REFLOW_CONFIG"
      })
  void knowsKeysThatSteer(String key) {
    assertThat(KeyRules.steers(key)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GITHUB_TOKEN",
        "GITLAB_TOKEN",
        "GOOGLE_API_KEY",
        "OPENAI_API_KEY",
        "AWS_ACCESS_KEY_ID",
        "SLACK_BOT_TOKEN",
        "NOTION_TOKEN",
        "AUTH_TOKEN",
        "API_KEY",
        "ENVIRONMENT",
        "PATHS",
        "TOKEN"
      })
  void leavesOrdinaryKeysAlone(String key) {
    assertThat(KeyRules.steers(key)).isFalse();
  }
}
