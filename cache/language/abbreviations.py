"""Short forms and what they are short for: the shorter, clearer one stands for both."""

from cache.language.forms import words_of

# Names that hold a digit and are no ids.
NAMES_WITH_DIGITS = words_of(
    "k8s k3s 2fa i18n l10n a11y s3 ec2 mp3 mp4 m4a h264 h265 utf8 utf16 ipv4 ipv6 md5 sha1 sha256 sha512 base64 "
    "base32 x86 x64 amd64 arm64 es5 es6 http2 http3 oauth2 web3 log4j b2b b2c p2p 2d 3d h2o co2 "
    "w3c c99 c11 e2e python2 python3 vue2 vue3 neo4j win10 win11 covid19 fat32 ext3 ext4 db2"
)

ABBREVIATIONS = """
java script > javascript
js > javascript
ts > typescript
py > python
node js|.js > node
node . js > node
react . js > react
vue . js > vue
in|with|using go > in golang
go lang > golang
c sharp > csharp
c # > csharp
c + + > cpp
visual studio code > vscode
vs code > vscode
k8s > kubernetes
kube > kubernetes
postgres > postgresql
pg > postgresql
postgre sql > postgresql
ms sql > mssql
sql server > mssql
mongo > mongodb
elastic search > elasticsearch
aws s3 > s3
amazon web services > aws
google cloud platform > gcp
google cloud > gcp
microsoft azure > azure
github actions > githubactions
gh > github
mac os x? > macos
os x > macos
osx > macos
db > database
dbs > databases
data base > database
repo > repository
repos > repositories
repository|repositories on|in github > repository on github
env var|vars|variable|variables > environment variable
env > environment
config > configuration
configs > configurations
conf > configuration
auth > authentication
authn > authentication
authz > authorization
two|2 factor authentication|auth > 2fa
two|2 factor authentication|auth > 2fa
two step|factor verification > 2fa
two step|factor verification > 2fa
tfa > 2fa
multi|multiple factor authentication|auth > mfa
multi|multiple factor authentication|auth > mfa
multifactor authentication|auth > mfa
single sign on > sso
single sign on > sso
continuous integration > ci
continuous delivery|deployment > cd
application programming interface|interfaces > api
graphical user interface > gui
user interface > ui
user experience > ux
command line interface? > cli
command line interface? > cli
operating system|systems > os
virtual machine > vm
virtual machines > vms
virtual private network > vpn
virtual private cloud > vpc
domain name system > dns
transport layer security > tls
secure shell > ssh
secure sockets layer > ssl
hypertext transfer protocol > http
uniform resource locator > url
internet protocol address > ip address
local area network > lan
network file system > nfs
network attached storage > nas
solid state drive|drives|disk > ssd
solid state drive|drives|disk > ssd
hard disk drive > hard drive
random access memory > ram
central processing unit > cpu
graphics processing unit > gpu
input output operations per second > iops
input / output operations per second > iops
input / output > io
i / o > io
cross origin resource sharing > cors
cross origin resource sharing > cors
cross site scripting > xss
cross site scripting > xss
cross site request forgery > csrf
cross site request forgery > csrf
structured query language > sql
object oriented programming|design > oop
object oriented programming|design > oop
object relational mapping|mapper > orm
object relational mapping|mapper > orm
test driven development > tdd
test driven development > tdd
behaviour|behavior driven development > bdd
domain driven design > ddd
domain driven design > ddd
software development kit > sdk
integrated development environment > ide
software as a service > saas
platform as a service > paas
infrastructure as a service > iaas
infrastructure as code > iac
content delivery network > cdn
content management system > cms
customer relationship management > crm
enterprise resource planning > erp
artificial intelligence > ai
machine learning > ml
large language model > llm
large language models > llms
natural language processing > nlp
optical character recognition > ocr
internet of things > iot
portable document format > pdf
comma separated values? > csv
comma separated values? > csv
json web token > jwt
json web tokens > jwts
pull request > pr
pull requests > prs
merge request > mr
long term|- support > lts
long term support > lts
long term support > lts
frequently asked questions > faq
minimum viable product > mvp
proof of concept > poc
service level agreement > sla
key performance indicator|indicators > kpi
key performance metrics > kpi
return on investment > roi
annual percentage rate > apr
annual percentage yield > apy
gross domestic product > gdp
exchange traded fund > etf
exchange traded fund|funds > etf
initial public offering > ipo
value added tax > vat
value added tax > vat
goods and services tax > gst
profit and loss > pnl
p & l > pnl
accounts payable > ap
accounts receivable > ar
purchase order|orders > purchaseorder
non disclosure agreement > nda
non disclosure agreement > nda
nondisclosure agreement > nda
terms and conditions > terms
statement of work > sow
request for proposal|proposals > rfp
request for quotation|quote > rfq
human resources > hr
paid time off > pto
chief executive officer? > ceo
chief financial officer? > cfo
chief technology officer? > cto
general data protection regulation > gdpr
health insurance portability and accountability act > hipaa
california consumer privacy act > ccpa
personally identifiable information > pii
personal identifiable information > pii
social security number > ssn
date of birth > dob
attention deficit hyperactivity disorder > adhd
post traumatic stress disorder > ptsd
post traumatic stress disorder > ptsd
obsessive compulsive disorder > ocd
body mass index > bmi
blood pressure > bloodpressure
electrocardiogram > ecg
ekg > ecg
magnetic resonance imaging > mri
over the counter > otc
over the counter > otc
emergency room|department > er
intensive care unit > icu
general practitioner > gp
primary care physician|doctor|provider > pcp
united states of? america? > usa
u . s . a? .? > usa
the us > usa
the uk > uk
united kingdom > uk
u . k . > uk
great britain > uk
european union > eu
united nations > un
new york city > nyc
los angeles > la
united arab emirates > uae
us|usa|american dollar|dollars > usd
u . s . dollar|dollars > usd
british pound|pounds sterling? > gbp
pound|pounds sterling > gbp
sterling > gbp
japanese yen > yen
chinese yuan > yuan
indian rupee|rupees > rupee
swiss franc|francs > franc
canadian dollar|dollars > cad
australian dollar|dollars > aud
estimated time of arrival > eta
estimated arrival time > eta
central european time > cet
eastern standard time > est
eastern time > est
pacific standard time > pst
coordinated universal time > utc
greenwich mean time > gmt
tv show|series > series
quality assurance > qa
quality control > qc
user acceptance testing > uat
root cause analysis > rca
standard operating procedure|procedures > sop
out of office > ooo
work from home > wfh
do it yourself > diy
air conditioner|conditioning|con > ac
washing machine > washer
point of sale > pos
radio frequency identification > rfid
quick response code > qr code
internet service provider > isp
"""
