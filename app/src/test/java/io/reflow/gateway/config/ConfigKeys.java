package io.reflow.gateway.config;

import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/// All keys and their values, as the records have them.
final class ConfigKeys {

  private ConfigKeys() {}

  static Set<String> all() {
    return values(GatewayConfig.DEFAULTS).keySet();
  }

  static Map<String, Object> values(GatewayConfig config) {
    Map<String, Object> values = new TreeMap<>();
    collect("", config, values);
    return values;
  }

  private static void collect(String path, Record section, Map<String, Object> values) {
    Binder.keys(section.getClass())
        .forEach((key, component) -> {
          try {
            Object value = Objects.requireNonNull(component.getAccessor().invoke(section));
            if (Binder.isSection(component.getType())) {
              collect(path + key + ".", (Record) value, values);
            } else {
              values.put(path + key, value);
            }
          } catch (ReflectiveOperationException e) {
            throw new LinkageError(key, e);
          }
        });
  }
}
