/// The custom resource that the gateway writes and the operator runs; imports nothing of either.
@NullMarked
package io.reflow.operator.crd;

import org.jspecify.annotations.NullMarked;
