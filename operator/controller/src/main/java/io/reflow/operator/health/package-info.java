/// What the cluster and its monitoring ask the operator; knows no instances.
@NullMarked
package io.reflow.operator.health;

import org.jspecify.annotations.NullMarked;
