/// Brings the cluster to what the instances ask for.
@NullMarked
package io.reflow.operator.reconcile;

import org.jspecify.annotations.NullMarked;
