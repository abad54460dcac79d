/** The keys that Consul knows and this agent has no use for: they are accepted, and named in one warning. */

/**
 * Top-level keys in lower case, without underscores. What is below them is not looked at.
 * Source: Consul's agent configuration reference, up to 1.19.
 */
export const ignoredKeys: ReadonlySet<string> = new Set([
  ...['advertiseaddripv4', 'advertiseaddripv6', 'advertiseaddrwan', 'advertiseaddrwanipv4'],
  ...['advertiseaddrwanipv6', 'advertisereconnecttimeout', 'altdomain', 'audit', 'autoconfig', 'autoencrypt'],
  ...['autoreloadconfig', 'autopilot', 'bootstrap', 'bootstrapexpect', 'cache', 'cloud', 'configentries'],
  ...[
    'checkoutputmaxsize',
    'checkupdateinterval',
    'defaultquerytime',
    'disableanonymoussignature',
    'disablecoordinates',
  ],
  ...['disablehostnodeid', 'disablekeyringfile', 'disableremoteexec', 'disableupdatecheck', 'discardcheckoutput'],
  ...[
    'discoverymaxstale',
    'dnsconfig',
    'domain',
    'enablecentralserviceconfig',
    'enabledebug',
    'enablelocalscriptchecks',
    'enablescriptchecks',
    'encrypt',
  ],
  ...[
    'encryptverifyincoming',
    'encryptverifyoutgoing',
    'experiments',
    'gossiplan',
    'gossipwan',
    'httpconfig',
    'leaveonterm',
  ],
  ...['licensepath', 'limits', 'localagent', 'locality', 'logfile', 'logrotatebytes', 'logrotateduration'],
  ...['logrotatemaxfiles', 'logsublevels', 'maxquerytime', 'nonvotingserver', 'partition', 'peering', 'performance'],
  ...[
    'primarydatacenter',
    'primarygateways',
    'primarygatewaysinterval',
    'protocol',
    'raftboltdb',
    'raftlogstore',
    'raftprotocol',
  ],
  ...['raftsnapshotinterval', 'raftsnapshotthreshold', 'rafttrailinglogs', 'readreplica', 'reconnecttimeout'],
  ...['reconnecttimeoutwan', 'recursors', 'rejoinafterleave', 'reporting', 'retryinterval', 'retryintervalwan'],
  ...['retryjoin', 'retryjoinwan', 'retrymax', 'retrymaxwan', 'rpc', 'segment', 'segments', 'serflan'],
  ...['serflanallowedcidrs', 'serfwan', 'serfwanallowedcidrs', 'server', 'serverrejoinagemax', 'sessionttlmin'],
  ...['skipleaveoninterrupt', 'snapshotagent', 'startjoin', 'startjoinwan', 'syncratejitter', 'syslogfacility'],
  ...[
    'enablesyslog',
    'telemetry',
    'tls',
    'cafile',
    'capath',
    'certfile',
    'keyfile',
    'verifyincoming',
    'verifyincominghttps',
    'verifyincomingrpc',
    'verifyoutgoing',
    'verifyserverhostname',
    'translatewanaddrs',
    'ui',
    'uiconfig',
    'uicontentpath',
    'uidir',
    'unixsockets',
    'usestreamingbackend',
  ],
  ...['acldownpolicy', 'aclttl', 'aclpolicyttl', 'aclrolettl', 'aclenforceversion8', 'aclenablekeylistpolicy'],
  ...['enableaclreplication', 'enableagenttlsforchecks', 'disablehttpunprintablecharfilter', 'tlsciphersuites'],
  ...['tlsminversion', 'tlspreferserverciphersuites', 'aeinterval', 'checkdeferintervalmin', 'checkreapinterval'],
  ...['synccoordinateintervalmin', 'synccoordinateratetarget'],
  ...['version', 'versionmetadata', 'versionprerelease', 'watches', 'xds', 'revision'],
]);

/** The same below `ports`. */
export const ignoredPorts: ReadonlySet<string> = new Set([
  ...['dns', 'exposemaxport', 'exposeminport', 'grpc', 'grpctls', 'https', 'proxymaxport', 'proxyminport', 'rpc'],
  ...['serflan', 'serfwan', 'server'],
]);

/** The same below `acl`. */
export const ignoredAclKeys: ReadonlySet<string> = new Set([
  ...['downpolicy', 'enablekeylistpolicy', 'enabletokenpersistence', 'enabletokenreplication'],
  ...['mspdisablebootstrap', 'policyttl', 'rolettl', 'tokenttl'],
]);
