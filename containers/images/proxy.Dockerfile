FROM orra-standin:servers
RUN ln -s /bin/busybox /usr/local/bin/wget
USER haproxy
STOPSIGNAL SIGUSR1
ENTRYPOINT ["haproxy", "-W", "-db"]
CMD ["-f", "/usr/local/etc/haproxy/haproxy.cfg"]
