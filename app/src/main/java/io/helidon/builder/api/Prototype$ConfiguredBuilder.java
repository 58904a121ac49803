package io.helidon.builder.api;

import io.helidon.common.config.Config;
import org.jspecify.annotations.NullUnmarked;

/// Not ours: a type that Helidon's builder API had up to 4.1 and has no more.
///
/// The newest published helidon-dbclient-jdbc was compiled against it and does not load without it,
/// although it never calls it here. `ConfiguredBuilderTest` fails when the type is no longer needed
/// or Helidon brings it itself: then delete this file and the test.
@NullUnmarked
@SuppressWarnings("removal")
public interface Prototype$ConfiguredBuilder<B, P> extends Prototype.Builder<B, P> {
  B config(Config config);
}
