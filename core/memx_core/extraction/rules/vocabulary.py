"""Word lists of the rules. Each is what people say of themselves most, not all there is."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(","))


COUNTRIES = _words(
    "afghanistan,albania,algeria,argentina,armenia,australia,austria,azerbaijan,bahrain,bangladesh,belarus,belgium,bolivia,"
    "bosnia,brazil,britain,bulgaria,cambodia,cameroon,canada,chile,china,colombia,costa rica,croatia,cuba,cyprus,"
    "czech republic,czechia,denmark,ecuador,egypt,england,estonia,ethiopia,finland,france,germany,ghana,greece,guatemala,"
    "honduras,hungary,iceland,india,indonesia,iran,iraq,ireland,israel,italy,jamaica,japan,jordan,kazakhstan,kenya,kuwait,"
    "latvia,lebanon,lithuania,malaysia,malta,mexico,moldova,mongolia,morocco,nepal,netherlands,new zealand,nicaragua,nigeria,"
    "north macedonia,northern ireland,norway,oman,pakistan,panama,paraguay,peru,philippines,poland,portugal,qatar,romania,"
    "russia,rwanda,saudi arabia,scotland,senegal,serbia,slovakia,slovenia,somalia,south africa,south korea,spain,sri lanka,"
    "sudan,sweden,switzerland,syria,taiwan,tanzania,thailand,tunisia,turkey,uganda,uk,ukraine,united kingdom,united states,"
    "uruguay,us,usa,uzbekistan,venezuela,vietnam,wales,yemen,zambia,zimbabwe,u.s,u.k,u.s.a"
)
DEMONYMS = _words(
    "afghan,african,albanian,algerian,american,argentinian,argentine,armenian,asian,australian,austrian,bangladeshi,belgian,"
    "bolivian,bosnian,brazilian,british,bulgarian,cambodian,canadian,catalan,chilean,chinese,colombian,croatian,cuban,czech,"
    "danish,dutch,ecuadorian,egyptian,english,estonian,ethiopian,european,filipino,filipina,finnish,french,german,ghanaian,"
    "greek,guatemalan,hungarian,icelandic,indian,indonesian,iranian,iraqi,irish,israeli,italian,jamaican,japanese,jordanian,"
    "kenyan,korean,latina,latino,latvian,lebanese,lithuanian,malaysian,mexican,moroccan,nepali,nigerian,norwegian,pakistani,"
    "palestinian,peruvian,polish,portuguese,romanian,russian,rwandan,saudi,scottish,serbian,singaporean,slovak,slovenian,"
    "south african,south korean,spanish,sri lankan,swedish,swiss,syrian,taiwanese,tanzanian,thai,tunisian,turkish,ugandan,"
    "ukrainian,uruguayan,venezuelan,vietnamese,welsh,zimbabwean,a brit,a kiwi,an aussie,a dane,a swede,a finn,a pole,a scot"
)
LANGUAGES = _words(
    "afrikaans,albanian,arabic,armenian,basque,bengali,bulgarian,cantonese,catalan,chinese,croatian,czech,danish,dutch,english,"
    "esperanto,estonian,farsi,finnish,french,gaelic,galician,georgian,german,greek,gujarati,hebrew,hindi,hungarian,icelandic,"
    "indonesian,irish,italian,japanese,korean,latin,latvian,lithuanian,malay,mandarin,marathi,nepali,norwegian,persian,polish,"
    "portuguese,punjabi,romanian,russian,serbian,sign language,slovak,slovenian,somali,spanish,swahili,swedish,tagalog,tamil,"
    "telugu,thai,turkish,ukrainian,urdu,vietnamese,welsh,yiddish,zulu,american sign language,asl"
)
RELIGIONS = _words(
    "christian,catholic,protestant,lutheran,orthodox,muslim,jewish,hindu,buddhist,sikh,atheist,an atheist,agnostic,mormon,"
    "quaker,a quaker,a christian,a catholic,a muslim,a hindu,a buddhist,a sikh,a jew"
)
JOBS = _words(
    "accountant,actor,actress,actuary,administrator,advisor,adviser,agent,analyst,animator,anthropologist,archaeologist,"
    "architect,archivist,artist,assistant,astronaut,astronomer,attorney,auditor,author,baker,banker,barber,barista,barrister,"
    "bartender,biologist,blacksmith,blogger,bookkeeper,botanist,brewer,broker,builder,butcher,buyer,caregiver,caretaker,"
    "carpenter,cashier,ceo,cfo,chef,chemist,chiropractor,choreographer,civil servant,cleaner,clerk,coach,comedian,composer,"
    "conductor,consultant,contractor,controller,cook,coordinator,copywriter,counselor,counsellor,cto,curator,dancer,dentist,"
    "dermatologist,designer,detective,developer,dietitian,dietician,diplomat,director,dj,doctor,driver,ecologist,economist,"
    "editor,educator,electrician,engineer,entrepreneur,estate agent,executive,farmer,filmmaker,firefighter,fisherman,"
    "flight attendant,florist,founder,freelancer,gardener,geologist,geographer,goldsmith,grad student,guard,guide,gynecologist,"
    "hairdresser,handyman,historian,housewife,househusband,homemaker,illustrator,influencer,inspector,instructor,interpreter,"
    "investigator,investor,janitor,jeweler,jeweller,journalist,judge,kindergarten teacher,lab technician,lawyer,lecturer,"
    "librarian,lifeguard,linguist,locksmith,logistician,machinist,magician,manager,marketer,mason,mathematician,mechanic,"
    "meteorologist,midwife,miner,model,musician,nanny,neurologist,neuroscientist,novelist,nurse,nutritionist,officer,operator,"
    "optician,optometrist,painter,paralegal,paramedic,partner at,pastor,pediatrician,paediatrician,pharmacist,philosopher,"
    "photographer,physician,physicist,physiotherapist,pianist,pilot,planner,plumber,podcaster,poet,police officer,policeman,"
    "policewoman,politician,postdoc,postman,priest,principal,producer,professor,programmer,psychiatrist,psychologist,publisher,"
    "radiologist,realtor,receptionist,recruiter,reporter,representative,researcher,sailor,salesman,saleswoman,salesperson,"
    "scientist,screenwriter,sculptor,seamstress,secretary,server,sheriff,shopkeeper,singer,social worker,sociologist,soldier,"
    "solicitor,songwriter,specialist,statistician,stockbroker,streamer,student,stylist,supervisor,surgeon,surveyor,tailor,"
    "tattoo artist,teacher,technician,therapist,trader,trainee,trainer,translator,treasurer,truck driver,tutor,undertaker,"
    "undergrad,undergraduate,veterinarian,vet,veteran,videographer,violinist,volunteer,waiter,waitress,warehouse worker,"
    "watchmaker,web developer,welder,worker,writer,yoga teacher,youtuber,zoologist,apprentice,intern,phd student,"
    "phd candidate,student teacher,stay-at-home mom,stay-at-home dad,stay at home mom,stay at home dad,business owner,"
    "data scientist,scrum master,product owner,devops,sysadmin,vp,head of,chairman,minister,monk,nun,rabbi,imam,scholar,"
    "lead,strategist,courier,dispatcher,beautician,bricklayer,roofer,plasterer,joiner,carer,au pair,playwright,critic"
)
TRAITS = _words(
    "morning person,night owl,early bird,cat person,dog person,people person,introvert,extrovert,ambivert,foodie,bookworm,"
    "homebody,perfectionist,minimalist,feminist,pacifist,environmentalist,runner,marathon runner,cyclist,climber,hiker,swimmer,"
    "gamer,surfer,skier,snowboarder,sailor,triathlete,dancer,knitter,birdwatcher,collector,smoker,non-smoker,nonsmoker,"
    "teetotaler,teetotaller,beginner gardener,twin,only child,lefty,libra,aries,taurus,gemini,cancer,leo,virgo,scorpio,"
    "sagittarius,capricorn,aquarius,pisces,workaholic,tea drinker,coffee drinker,coffee addict,coffee person,tea person,"
    "cancer survivor,single parent,vegan cook,cinephile,audiophile,sci-fi fan,football fan,romantic,light sleeper,"
    "heavy sleeper,fast learner,visual learner,procrastinator,blood donor,organ donor"
)
PETS = {
    **dict.fromkeys(("dog", "dogs", "puppy", "puppies", "doggo", "pup"), "dog"),
    **dict.fromkeys(("cat", "cats", "kitten", "kittens", "kitty"), "cat"),
    **dict.fromkeys(("rabbit", "rabbits", "bunny", "bunnies"), "rabbit"),
    **{f"{kind}{s}": kind for kind in (
        "hamster", "parrot", "budgie", "canary", "cockatiel", "goldfish", "horse", "guinea pig", "turtle", "tortoise",
        "snake", "lizard", "gecko", "ferret", "chicken", "goat", "axolotl", "bird", "chinchilla", "iguana", "donkey",
        "gerbil", "bearded dragon", "parakeet", "hedgehog", "duck", "sheep", "alpaca",
    ) for s in ("", "s")},
    "pony": "pony", "ponies": "pony", "mouse": "mouse", "mice": "mouse", "fish": "fish", "bees": "bee",
    **dict.fromkeys(("labrador", "golden retriever", "poodle", "beagle", "corgi", "dachshund", "german shepherd", "husky",
                     "border collie", "pug", "chihuahua", "bulldog", "terrier", "rottweiler", "greyhound", "whippet",
                     "cocker spaniel", "dalmatian", "shiba inu", "golden doodle", "goldendoodle", "labradoodle"), "dog"),
    **dict.fromkeys(("tabby", "siamese cat", "maine coon"), "cat"),
}  # fmt: skip
"""What people call their animals, and what kind it is."""

RELATIONS = {
    **dict.fromkeys(("mother", "mom", "mum", "mama", "mommy", "mummy"), "family.mother"),
    **dict.fromkeys(("father", "dad", "papa", "daddy"), "family.father"),
    "parents": "family.parents",
    **dict.fromkeys(("sister", "sis", "twin sister"), "family.sister"),
    "sisters": "family.sister",
    **dict.fromkeys(("brother", "bro", "twin brother"), "family.brother"),
    "brothers": "family.brother", "siblings": "family.sibling", "sibling": "family.sibling",
    **dict.fromkeys(("son", "boy", "baby boy"), "family.son"), "sons": "family.son",
    **dict.fromkeys(("daughter", "girl", "baby girl"), "family.daughter"), "daughters": "family.daughter",
    **dict.fromkeys(("kid", "kids", "child", "children", "baby", "toddler", "twins"), "family.child"),
    **{word: f"family.{word}" for word in (
        "cousin", "aunt", "uncle", "niece", "nephew", "stepmother", "stepfather", "stepson", "stepdaughter", "stepsister",
        "stepbrother", "mother-in-law", "father-in-law", "sister-in-law", "brother-in-law", "grandson", "granddaughter",
        "godmother", "godfather", "goddaughter", "godson", "grandparents", "grandchildren", "in-laws",
    )},
    **{f"{word}s": f"family.{word}" for word in ("cousin", "aunt", "uncle", "niece", "nephew", "grandson")},
    "stepmom": "family.stepmother", "stepdad": "family.stepfather", "auntie": "family.aunt", "grandkids": "family.grandchildren",
    **dict.fromkeys(("grandmother", "grandma", "granny", "nana", "gran"), "family.grandmother"),
    **dict.fromkeys(("grandfather", "grandpa", "granddad", "grandad"), "family.grandfather"),
    **dict.fromkeys(("wife", "husband", "girlfriend", "boyfriend", "fiance", "fiancee", "fianc\u00e9", "fianc\u00e9e",
                     "spouse", "partner", "gf", "bf", "hubby"), "partner"),
    **dict.fromkeys(("friend", "best friend", "bestie", "bff"), "people.friend"),
    **dict.fromkeys(("boss", "manager", "supervisor"), "people.boss"),
    **dict.fromkeys(("colleague", "coworker", "co-worker"), "people.colleague"),
    **dict.fromkeys(("roommate", "flatmate", "housemate"), "people.roommate"),
    **dict.fromkeys(("neighbor", "neighbour"), "people.neighbor"),
    **{word: f"people.{word}" for word in ("doctor", "dentist", "therapist", "teacher", "landlord", "ex")},
    "ex-wife": "people.ex", "ex-husband": "people.ex", "ex-girlfriend": "people.ex", "ex-boyfriend": "people.ex",
}  # fmt: skip
"""What people call each other, and the slot they fill."""

ONE_OF_A_KIND = frozenset(
    {"family.mother", "family.father", "partner", "family.mother-in-law", "family.father-in-law", "people.boss"}
)
"""Of these nobody has two, so another name is a change and no second person."""

DIETS = (
    r"vegetarian|vegan|pescatarian|pescetarian|flexitarian|keto|paleo|carnivore|omnivore|plant[- ]based|fruitarian|"
    r"raw vegan|kosher|halal"
)
FOOD_LIMITS = (
    r"gluten[- ]free|dairy[- ]free|lactose[- ]intolerant|gluten[- ]intolerant|c(?:o)?eliac|sugar[- ]free|alcohol[- ]free|"
    r"intolerant to [\w ]+"
)
CONDITIONS = (
    r"asthma|diabetes|type [12] diabetes|epilepsy|adhd|add|autism|dyslexia|arthritis|rheumatoid arthritis|migraines?|"
    r"chronic migraines?|high blood pressure|hypertension|low blood pressure|high cholesterol|anxiety|depression|ptsd|ocd|"
    r"bipolar disorder|insomnia|sleep apn(?:o)?ea|eczema|psoriasis|hay fever|tinnitus|c(?:o)?eliac disease|crohn'?s(?: disease)?|"
    r"ibs|endometriosis|pcos|fibromyalgia|lupus|multiple sclerosis|ms|parkinson'?s(?: disease)?|cancer|a heart condition|"
    r"heart disease|a pacemaker|an? \w+ intolerance|a bad (?:back|knee|shoulder|hip)|chronic (?:back )?pain|chronic fatigue|"
    r"hypothyroidism|an? (?:hearing aid|prosthetic leg)|vertigo|glaucoma|an? allergy"
)
CONDITIONED = (
    r"diabetic|asthmatic|epileptic|dyslexic|autistic|deaf|blind|colou?r[- ]?blind|pregnant|\d+ (?:weeks|months) pregnant|"
    r"left[- ]handed|right[- ]handed|ambidextrous|neurodivergent|visually impaired|hard of hearing|near-?sighted|"
    r"short-?sighted|far-?sighted|expecting(?: a baby| a girl| a boy| twins)?|bipolar|an alcoholic|a recovering alcoholic|sober"
)
POSSESSIONS = (
    r"car|van|truck|motorcycle|motorbike|scooter|moped|bike|bicycle|e-?bike|boat|sailboat|camper(?: ?van)?|rv|tesla|house|"
    r"apartment|flat|condo|cabin|cottage|garden|farm|piano|guitar|violin|drum kit|keyboard|cello|iphone|android(?: phone)?|phone|tablet|smartwatch|apple watch|"
    r"macbook|laptop|pc|ipad|playstation|ps[45]|xbox|nintendo switch|switch|kindle|telescope|camera|drone|3d printer|"
    r"greenhouse|pool|sauna|air fryer|sewing machine|vinyl collection|record player|pixel|samsung(?: \w+)?|tv"
)
INSTRUMENTS_AND_GAMES = (
    r"guitar|piano|violin|viola|cello|bass(?: guitar)?|drums|flute|clarinet|saxophone|sax|trumpet|trombone|harp|ukulele|"
    r"banjo|accordion|keyboard|harmonica|organ|oboe|recorder|synth|football|soccer|tennis|table tennis|basketball|"
    r"volleyball|badminton|golf|hockey|ice hockey|field hockey|rugby|cricket|baseball|softball|squash|padel|paddle|handball|"
    r"chess|poker|go|bridge|board games|video games|videogames|computer games|card games|darts|pool|billiards|bowling|"
    r"dungeons and dragons|d&d|minecraft|frisbee|ultimate frisbee|water polo|lacrosse|sudoku|scrabble|pickleball|the \w+"
)
