# How a service waits that was started without its secret, or whose other side is out of reach: it says why in the
# journal, comes again after longer and longer pauses, and is no failed unit meanwhile. Its script exits with 75.
{
  startLimitIntervalSec = 0;
  serviceConfig = {
    Restart = "on-failure";
    RestartSec = "5s";
    RestartSteps = 8;
    RestartMaxDelaySec = "15min";
    RestartForceExitStatus = 75;
    SuccessExitStatus = 75;
  };
}
