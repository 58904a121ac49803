package io.reflow.gateway.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// The classes of a gateway that records nothing, for comparison: those of the real one, in which
/// the methods that describe, digest, write and ship rows do nothing. The gateway itself has no
/// such switch.
final class AuditOff {

  private static final String PACKAGE = "io/reflow/gateway/";

  private static final Map<String, Set<String>> EMPTIED =
      Map.of(
          "audit/AuditLog", Set.of("begin", "intend", "record"),
          "audit/ArgumentDigest", Set.of("of"),
          "mcp/AuditTrail", Set.of("describe", "entry"));

  private AuditOff() {}

  /// Writes them into a folder that is to stand before the gateway on its class path.
  ///
  /// @param gateway the jar; absent: the classes beside this one
  /// @throws IllegalStateException when the gateway has no such methods any more
  static void write(Optional<Path> gateway, Path folder) {
    try (var loader = new URLClassLoader(urls(gateway), null)) {
      for (var each : EMPTIED.entrySet()) {
        String name = PACKAGE + each.getKey() + ".class";
        Path file = folder.resolve(name);
        Files.createDirectories(file.resolve("..").normalize());
        Files.write(file, emptied(read(loader, name), each.getValue()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static URL[] urls(Optional<Path> gateway) throws MalformedURLException {
    String path =
        gateway.map(Path::toString).orElseGet(() -> System.getProperty("java.class.path", ""));
    String[] entries = path.split(File.pathSeparator, -1);
    URL[] urls = new URL[entries.length];
    for (int i = 0; i < entries.length; i++) {
      urls[i] = Path.of(entries[i]).toUri().toURL();
    }
    return urls;
  }

  private static byte[] read(ClassLoader loader, String name) throws IOException {
    try (InputStream in = loader.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the gateway to measure has no " + name);
      }
      return in.readAllBytes();
    }
  }

  private static byte[] emptied(byte[] bytes, Set<String> methods) {
    ClassFile files = ClassFile.of();
    ClassModel model = files.parse(bytes);
    Set<String> left = new TreeSet<>(methods);
    ClassTransform emptying =
        (builder, element) -> {
          if (isOneOf(element, methods) && element instanceof MethodModel method) {
            left.remove(method.methodName().stringValue());
            builder.withMethodBody(
                method.methodName(),
                method.methodType(),
                method.flags().flagsMask(),
                code -> returnNothing(code, method));
          } else {
            builder.with(element);
          }
        };
    byte[] changed = files.transformClass(model, emptying);
    if (!left.isEmpty()) {
      throw new IllegalStateException(
          "%s has no method %s".formatted(model.thisClass().asInternalName(), left));
    }
    return changed;
  }

  private static boolean isOneOf(ClassElement element, Set<String> methods) {
    return element instanceof MethodModel method
        && method.code().isPresent()
        && methods.contains(method.methodName().stringValue());
  }

  private static void returnNothing(CodeBuilder code, MethodModel method) {
    TypeKind kind = TypeKind.from(method.methodTypeSymbol().returnType());
    switch (kind.asLoadable()) {
      case VOID -> {}
      case LONG -> code.lconst_0();
      case REFERENCE -> code.aconst_null();
      default -> throw new IllegalStateException("not foreseen: a method that returns " + kind);
    }
    code.return_(kind);
  }
}
