/// What should exist in the cluster for an instance, and whether it may; pure, knows no cluster.
@NullMarked
package io.reflow.operator.desired;

import org.jspecify.annotations.NullMarked;
