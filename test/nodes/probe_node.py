"""A node on the shared frame that tests can look into."""

from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterValue
from rcl_interfaces.srv import SetParameters
from ros_harness import REPORTS, spinning
from std_msgs.msg import String

from clipomaly_ros.nodes import qos
from clipomaly_ros.nodes.managed_node import ManagedNode
from clipomaly_ros.nodes.parameters import Parameter

TABLE = (
    Parameter("gate.distance", 1.5, "Distance of the gate.", unit="m", minimum=0.0, maximum=3.0),
    Parameter("count", 2, "How many.", minimum=1),
    Parameter("names", [], "Names."),
    Parameter("mode", "slow", "Mode.", choices=("slow", "fast"), read_only=True),
)


class Probe(ManagedNode):
    """A node that listens, answers, remembers and can be told to fail."""

    def __init__(self, failure: type[Exception] | None = None, **options):
        self.failure, self.jumps, self.cleaned, self.listener = failure, [], 0, None
        super().__init__("probe", TABLE, **options)

    def configure(self, parameters):
        if self.failure:
            raise self.failure("wrong hash")
        self.out = qos.create_publisher(self, self.health, String, "said", qos.RESULTS)
        self.health.watch("heard", 0.5)

    def activate(self):
        self.listener = qos.create_subscription(self, self.health, String, "heard", self.hear, qos.SENSOR_IN)

    def hear(self, message):
        self.health.seen("heard")
        self.health.count_ok("frames_in")
        self.out.publish(message)

    def deactivate(self):
        if self.listener is not None:
            self.destroy_subscription(self.listener)
            self.listener = None

    def cleanup(self):
        self.cleaned += 1

    def on_time_jump_backward(self, reason):
        self.jumps.append(reason)


def probe(*arguments, **options):
    often = [word for name, value in REPORTS.items() for word in ("-p", f"{name}:={value}")]
    return spinning(lambda context: Probe(context=context, **options), ["--ros-args", *often, *arguments])


def set_parameter(observer, name, value):
    kinds = {
        bool: ("bool_value", 1),
        float: ("double_value", 3),
        str: ("string_value", 4),
        int: ("integer_value", 2),
    }
    field, kind = kinds[type(value)]
    request = SetParameters.Request(
        parameters=[ParameterMessage(name=name, value=ParameterValue(type=kind, **{field: value}))]
    )
    return observer.call(SetParameters, "/probe/set_parameters", request).results[0]
